/** What the routes that manage work on. */

import type { Directory } from "../domain/directory.ts";
import type { Limited } from "../domain/limit-set.ts";
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { Made } from "../domain/people.ts";
import type { Subject } from "../domain/subject.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { findInForce } from "../limits/call-limits.ts";
import type { Counter, ReadSpent } from "../limits/counter.ts";
import { type Calendar, findWindow } from "../limits/set-limits.ts";
import { allOf } from "../limits/spent.ts";
import type { Clock, RequestHeaders } from "../platform/contract.ts";
import type { Act, OpenDirectory } from "../store/directory.ts";
import type { Engine } from "../store/engine.ts";
import type { Queries } from "../store/queries.ts";
import { refuseField } from "./read-input.ts";

export interface AdminState {
	readonly directory: OpenDirectory;
	readonly engine: Engine;
	readonly queries: Queries;
	readonly clock: Clock;
	readonly calendar: Calendar;
	readonly counter: Pick<Counter, "forget" | "restate">;
	readonly readSpent: ReadSpent;
	readonly newId: () => string;
	/** 256 random bits, as text. */
	readonly newSecret: () => string;
	/** @throws GatewayError for a caller who may not manage */
	requireOperator(headers: RequestHeaders): void;
	/** The key that a caller presents; null: none that is known. @throws GatewayError for one that is blocked or expired */
	readOwnKey(headers: RequestHeaders): VirtualKey | null;
}

/** What the log of changes says of whoever has the master key. */
const operator = "operator";

export const toAct = ({ action }: { readonly action: string }): Act => ({
	action,
	actor: operator,
});

export const toMade = ({ clock }: AdminState): Made => ({
	nowMs: clock.now(),
	actor: operator,
});

/** What counts as spent in the window of now, the calls that have just ended included. Rejects with StoreError. */
export async function readSpend(
	subject: Subject,
	of: Limited | null,
	state: AdminState,
): Promise<Nanos> {
	const { clock, calendar, readSpent } = state;
	const when = { calendar, nowMs: clock.now() };
	const window = of && findWindow(findInForce(of, state), when);
	return toNanos(await readSpent(allOf(subject), window?.startMs ?? 0));
}

/** After what counts as spent was said anew: calls that are let in from now on go by it, with what was spent since. */
export async function restate(
	subject: Subject,
	{ spend }: { readonly spend?: number | undefined },
	of: Pick<Limited, "reset">,
	{ counter, readSpent }: AdminState,
): Promise<void> {
	if (spend === undefined || of.reset === null) return;
	const spent = await readSpent(allOf(subject), of.reset.atMs);
	await counter.restate(subject, toNanos(spent));
}

/** What is made under an id that was another's before begins with nothing spent, unless its fields say so. Rejects with StoreError. */
export async function toFresh<Fields extends { readonly spend?: number }>(
	subject: Subject,
	fields: Fields,
	{ readSpent }: AdminState,
): Promise<Fields> {
	if (fields.spend !== undefined) return fields;
	const past = await readSpent(allOf(subject), 0);
	return past === noNanos ? fields : { ...fields, spend: 0 };
}

/** @throws GatewayError `malformed_request` */
export function requireBudget(
	id: string | null | undefined,
	{ budgets }: Directory,
): void {
	if (id === null || id === undefined || budgets.byId(id) !== null) return;
	throw refuseField(
		"budget_id",
		"there is no such budget; make it first with /budget/new.",
	);
}
