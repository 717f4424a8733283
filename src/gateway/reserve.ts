/** What a call takes of its limits before it goes on, and gives back when it is over. */
import type { Entry } from "../domain/entry.ts";
import { GatewayError } from "../domain/error.ts";
import type { Refusal } from "../domain/judge.ts";
import { toDollarText, toNanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { Amounts, Reserved } from "../limits/counter.ts";
import { StoreError } from "../store/engine.ts";
import { toRefusedHeaders } from "./budget-headers.ts";
import { ledgerDown } from "./ledger-down.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

/**
 * For a call of a virtual key. Nothing, or a promise where its limits are asked for the first time.
 * @throws GatewayError `budget_reached`, `limit_reached`, `ledger_down`; the promise rejects with it
 */
export function reserve(
	call: OpenCall,
	key: VirtualKey,
	gateway: Gateway,
): Promise<void> | undefined {
	const { subjects, limits } = gateway.limitsOf(key);
	const { hold, grant } = call;
	const wanted = {
		nanos: grant?.payer === "operator" ? hold.nanos : 0n,
		tokens: hold.inputTokens + hold.outputTokens,
	};
	const reserved = gateway.counter.reserve({
		id: call.id,
		subjects,
		limits,
		models: call.model === null ? [] : [call.model],
		wanted,
	});
	if (!(reserved instanceof Promise)) {
		keep(reserved, call, key);
		return undefined;
	}
	return reserved.then(
		(it) => keep(it, call, key),
		(error) => {
			throw error instanceof StoreError ? ledgerDown(error) : error;
		},
	);
}

function keep(reserved: Reserved, call: OpenCall, key: VirtualKey): void {
	if (reserved.refusal !== null) throw toError(reserved.refusal, key);
	call.reservation = reserved.reservation;
	// It may have ended while it waited.
	if (call.over) endReservation(call);
}

/** Once for every call that is over. @param recorded resolves when it is on the ledger, where it is not yet */
export function endReservation(
	{ reservation, entry }: OpenCall,
	recorded?: Promise<void>,
): void {
	reservation?.end(entry === null ? nothing : toActual(entry), recorded);
}

const nothing: Amounts = { nanos: 0n, tokens: 0 };

const toActual = (entry: Entry): Amounts => ({
	nanos: entry.payer === "operator" ? (entry.cost ?? 0n) : 0n,
	tokens: entry.input + entry.cacheWrite5m + entry.cacheWrite1h + entry.output,
});

const kinds = {
	requests: { limit: "requests in any 60 seconds", type: "requests" },
	tokens: { limit: "tokens in any 60 seconds", type: "tokens" },
	concurrent: { limit: "calls at a time", type: "concurrent_requests" },
} as const;

function toError(refusal: Refusal, key: VirtualKey): GatewayError {
	const { measure } = refusal.limit;
	const answer = {
		retry: refusal.retry,
		retryAfter: refusal.retryAfterSeconds,
		headers: toHeaders(refusal),
	};
	const sentence =
		measure === "nanos"
			? toBudgetSentence(refusal, key)
			: toRateSentence(refusal, key, kinds[measure].limit);
	const isSpent = refusal.type === "billing_error";
	const code = isSpent ? "budget_reached" : "limit_reached";
	return new GatewayError(code, sentence, { answer });
}

/** As LiteLLM tells which limit it was, and when to come back. */
function toHeaders(refusal: Refusal): Record<string, string> {
	const { limit, type, resetsMs } = refusal;
	const { measure } = limit;
	return {
		...(type === "billing_error" && toRefusedHeaders(limit, resetsMs)),
		...(measure !== "nanos" && { rate_limit_type: kinds[measure].type }),
		...(resetsMs !== null && { reset_at: new Date(resetsMs).toISOString() }),
	};
}

const dollars = (nanos: bigint): string => `$${toDollarText(toNanos(nanos))}`;

const toWho = ({ alias, name }: VirtualKey): string =>
	alias === null ? `key ${name}` : `key ${name} (${alias})`;

function toBudgetSentence(refusal: Refusal, key: VirtualKey): string {
	const { reason, limit, used, held, asked, resetsMs } = refusal;
	const budget = `The budget of ${toWho(key)} is ${dollars(limit.ceiling)}, of which ${dollars(used)} is spent`;
	if (reason === "held") {
		return `${budget} and ${dollars(held)} is reserved for calls that are running; this one may cost up to ${dollars(asked)}. Try again when they have ended.`;
	}
	const when =
		resetsMs === null
			? "It does not reset; ask the gateway's operator for more."
			: `It resets at ${new Date(resetsMs).toISOString()}.`;
	return `${budget}; this call may cost up to ${dollars(asked)}. ${when}`;
}

function toRateSentence(
	{ reason, limit, used, held, asked, retryAfterSeconds }: Refusal,
	key: VirtualKey,
	what: string,
): string {
	if (reason === "too_large") {
		return `This call may take ${asked} of the ${limit.ceiling} ${what} that ${toWho(key)} may use, more than there will ever be. Ask for less, or ask the gateway's operator for a higher limit.`;
	}
	const again =
		retryAfterSeconds === null ? "" : ` Try again in ${retryAfterSeconds} s.`;
	return `The limit of ${toWho(key)} is ${limit.ceiling} ${what}, and ${used + held} are used; this call may take ${asked}.${again}`;
}
