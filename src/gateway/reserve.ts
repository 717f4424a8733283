/** What a call takes of its limits before it goes on, and gives back when it is over. */
import type { Entry } from "../domain/entry.ts";
import type { Refusal } from "../domain/judge.ts";
import { toNanos } from "../domain/nanos.ts";
import type { Actual, Reserved } from "../limits/counter.ts";
import { StoreError } from "../store/engine.ts";
import { toModels } from "./allowed-models.ts";
import { ledgerDown } from "./ledger-down.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

/**
 * Takes all that the call may come to, or nothing, and then says why. A promise where its limits are asked for the first
 * time, or elsewhere.
 * @throws GatewayError `ledger_down`; the promise rejects with it
 */
export function reserve(
	call: OpenCall,
	gateway: Gateway,
): Promise<Refusal | null> | Refusal | null {
	const { hold, grant, opening } = call;
	const key = grant?.key ?? null;
	const models = toModels(call);
	if (key === null) call.spendAtStart = gateway.totals.allNanos();
	const { subjects, limits, keyBudget, endUser } = gateway.limits.find({
		key,
		endUser: opening?.endUser ?? null,
		tags: opening?.tags ?? noTags,
		models,
		keyId: opening?.keyId ?? null,
		startedMs: call.startedAtMs,
	});
	call.endUser = endUser;
	if (key === null && limits.length === 0 && subjects.length === 1) return null;
	call.limits = limits;
	call.keyBudget = keyBudget;
	const wanted = {
		nanos: grant?.payer === "operator" ? hold.nanos : 0n,
		tokens: hold.inputTokens + hold.outputTokens,
	};
	const { id, startedAtMs: startedMs } = call;
	const asking = { id, subjects, limits, models, wanted, startedMs };
	const reserved = gateway.counter.reserve(asking);
	if (!(reserved instanceof Promise)) return keep(reserved, call, gateway);
	return reserved.then(
		(it) => keep(it, call, gateway),
		(error) => {
			throw error instanceof StoreError ? ledgerDown(error) : error;
		},
	);
}

const noTags: readonly string[] = [];

function keep(
	{ reservation, refusal }: Reserved,
	call: OpenCall,
	{ counter }: Gateway,
): Refusal | null {
	if (refusal !== null) return refusal;
	call.reservation = reservation;
	if (call.keyBudget.length > 0) {
		const fullness = counter.fullest(call.keyBudget);
		call.spendAtStart = fullness && toNanos(fullness.spent);
	}
	// It may have ended while it waited.
	if (call.over) endReservation(call);
	return null;
}

/** Once for every call that is over. @param recorded resolves when it is on the ledger, where it is not yet */
export function endReservation(
	{ reservation, entry, sumModel }: OpenCall,
	recorded?: Promise<void>,
): void {
	const actual = entry === null ? nothing : toActual(entry, sumModel);
	reservation?.end(actual, recorded);
}

const nothing: Actual = { nanos: 0n, tokens: 0 };

const toActual = (entry: Entry, model: string): Actual => ({
	model,
	nanos: entry.payer === "operator" ? (entry.cost ?? 0n) : 0n,
	tokens: entry.input + entry.cacheWrite5m + entry.cacheWrite1h + entry.output,
});
