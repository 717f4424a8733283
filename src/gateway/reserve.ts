/** What a call takes of its limits before it goes on, and gives back when it is over. */
import type { Entry } from "../domain/entry.ts";
import type { Actual, Reserved } from "../limits/counter.ts";
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
	const { subjects, limits, endUser } = gateway.limits.find({
		key,
		endUser: opening?.endUser ?? null,
		tags: opening?.tags ?? noTags,
		models,
		keyId: opening?.keyId ?? null,
		startedMs: call.startedAtMs,
	});
	call.endUser = endUser;
	if (key === null && limits.length === 0 && subjects.length === 1) {
		return undefined;
	}
	call.limits = limits;
	const wanted = {
		nanos: grant?.payer === "operator" ? hold.nanos : 0n,
		tokens: hold.inputTokens + hold.outputTokens,
	};
	const { id, startedAtMs: startedMs } = call;
	const asking = { id, subjects, limits, models, wanted, startedMs };
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
	// It may have ended while it waited.
	if (call.over) endReservation(call);
}

/** Once for every call that is over. */
export function endReservation({
	reservation,
	entry,
	sumModel,
}: OpenCall): void {
	reservation?.end(entry === null ? nothing : toActual(entry, sumModel));
}

const nothing: Actual = { nanos: 0n, tokens: 0 };

const toActual = (entry: Entry, model: string): Actual => ({
	model,
	nanos: entry.payer === "operator" ? (entry.cost ?? 0n) : 0n,
	tokens: entry.input + entry.cacheWrite5m + entry.cacheWrite1h + entry.output,
});
