/** What the routes of keys work on. */
import type { Nanos } from "../domain/nanos.ts";
import type { Subject } from "../domain/subject.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { Clock, RequestHeaders } from "../platform/contract.ts";
import type { Engine } from "../store/engine.ts";
import type { Keys } from "../store/keys.ts";
import type { Queries } from "../store/queries.ts";
import { toSummedNanos } from "../store/reports.ts";
import { toHours, toSpan } from "./spend-span.ts";

export interface KeysState {
	readonly keys: Keys;
	readonly engine: Engine;
	readonly queries: Queries;
	readonly clock: Clock;
	/** Resolves when the sums have all that was settled before. Rejects with StoreError. */
	readonly flush: () => Promise<void>;
	/** What was counted of a subject that is gone. */
	readonly forget: (subject: Subject) => void;
	/** 256 random bits, as text. */
	readonly newSecret: () => string;
	/** @throws GatewayError for a caller who may not manage */
	requireOperator(headers: RequestHeaders): void;
	/** The key that a caller presents; null: none that is known. @throws GatewayError for one that is blocked or expired */
	readOwnKey(headers: RequestHeaders): VirtualKey | null;
}

/** All that the key ever cost the operator, the calls that have just ended included. */
export async function readSpend(
	{ id }: VirtualKey,
	{ engine, queries, flush }: KeysState,
): Promise<Nanos> {
	await flush();
	const hours = toHours(toSpan(null));
	const asked = { ...hours, dimension: "key", id };
	const [row] = await engine.read(queries.reports.total(asked));
	return toSummedNanos(row?.[1]);
}
