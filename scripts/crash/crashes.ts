import type { Durability } from "../../src/store/ledger.ts";
import type { Figure } from "../soak/figure.ts";
import type { CrashContext } from "./context.ts";
import { crashByDisconnects } from "./disconnects.ts";
import { crashByKills } from "./kills.ts";
import { crashByPowerCuts } from "./power-cuts.ts";

/** What can happen, by its option; so many times. Rejects when something that is no figure went wrong. */
export const crashes = {
	kills: crashByKills,
	disconnects: crashByDisconnects,
	"power-cuts": crashByPowerCuts,
} as const satisfies Record<
	string,
	(context: CrashContext, count: number) => Promise<Figure[]>
>;

const durabilities: readonly string[] = [
	"always",
	"interval",
	"off",
] satisfies Durability[];

export const isDurability = (text: string): text is Durability =>
	durabilities.includes(text);
