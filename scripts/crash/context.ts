import type { Durability } from "../../src/store/ledger.ts";
import type { SoakContext } from "../soak/figure.ts";

/** What a crash is given. */
export interface CrashContext extends SoakContext {
	readonly durability: Durability;
	/** Told of what is wrong, as it is found. */
	readonly say: (text: string) => void;
}
