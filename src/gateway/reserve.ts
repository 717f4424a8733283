/** What a call takes of its limits before it goes on, and gives back when it is over. */
import type { Entry } from "../domain/entry.ts";
import { toNanos } from "../domain/nanos.ts";
import type { Amounts, Reserved } from "../limits/counter.ts";
import { StoreError } from "../store/engine.ts";
import { toModels } from "./allowed-models.ts";
import { ledgerDown } from "./ledger-down.ts";
import { toLimitError } from "./limit-error.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

/**
 * Nothing, or a promise where its limits are asked for the first time, or elsewhere.
 * @throws GatewayError `budget_reached`, `limit_reached`, `ledger_down`, `blocked_key`; the promise rejects with it
 */
export function reserve(
	call: OpenCall,
	gateway: Gateway,
): Promise<void> | undefined {
	const { hold, grant, opening } = call;
	const key = grant?.key ?? null;
	const models = toModels(call);
	if (key === null) call.spendAtStart = gateway.totals.allNanos();
	const { subjects, limits, keyBudget } = gateway.limits.find({
		key,
		endUser: opening?.endUser ?? null,
		tags: opening?.tags ?? noTags,
		models,
	});
	if (key === null && limits.length === 0) return undefined;
	call.limits = limits;
	call.keyBudget = keyBudget;
	const wanted = {
		nanos: grant?.payer === "operator" ? hold.nanos : 0n,
		tokens: hold.inputTokens + hold.outputTokens,
	};
	const asking = { id: call.id, subjects, limits, models, wanted };
	const reserved = gateway.counter.reserve(asking);
	if (!(reserved instanceof Promise)) {
		keep(reserved, call, gateway);
		return undefined;
	}
	return reserved.then(
		(it) => keep(it, call, gateway),
		(error) => {
			throw error instanceof StoreError ? ledgerDown(error) : error;
		},
	);
}

const noTags: readonly string[] = [];

function keep(reserved: Reserved, call: OpenCall, gateway: Gateway): void {
	if (reserved.refusal !== null) {
		throw toLimitError(reserved.refusal, gateway.authority.directory);
	}
	call.reservation = reserved.reservation;
	if (call.keyBudget.length > 0) {
		const fullness = gateway.counter.fullest(call.keyBudget);
		call.spendAtStart = fullness && toNanos(fullness.spent);
	}
	// It may have ended while it waited.
	if (call.over) endReservation(call);
}

/** Once for every call that is over. */
export function endReservation({ reservation, entry }: OpenCall): void {
	reservation?.end(entry === null ? nothing : toActual(entry));
}

const nothing: Amounts = { nanos: 0n, tokens: 0 };

const toActual = (entry: Entry): Amounts => ({
	nanos: entry.payer === "operator" ? (entry.cost ?? 0n) : 0n,
	tokens: entry.input + entry.cacheWrite5m + entry.cacheWrite1h + entry.output,
});
