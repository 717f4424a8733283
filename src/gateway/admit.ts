import { GatewayError } from "../domain/error.ts";
import {
	canBeCounted,
	type HoldAmount,
	type HoldAsk,
	toHoldAmount,
} from "../domain/hold-amount.ts";
import type { Refusal } from "../domain/judge.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { StoreError } from "../store/engine.ts";
import { settleBeforeDelete, toDeleted } from "./batches/before-delete.ts";
import { reserveBatch } from "./batches/hold.ts";
import { isNewBatch } from "./batches/register.ts";
import { countPrompt } from "./count-prompt.ts";
import { toFindPrice } from "./find-price.ts";
import { toHoldAsk } from "./hold-ask.ts";
import { ledgerDown } from "./ledger-down.ts";
import { toLimitError } from "./limit-error.ts";
import type { OpenCall } from "./open-call.ts";
import { type Opening, toOpening } from "./opening.ts";
import { toHoldDetail } from "./orphan.ts";
import type { Gateway } from "./pipeline.ts";
import type { RequestBody } from "./read.ts";
import { reserve } from "./reserve.ts";

/**
 * Reserves what the call may cost at the most, before its first byte goes upstream: of its limits, and on the ledger.
 * Nothing, or a promise where one of them takes a wait.
 * @param body as it will go upstream
 * @throws GatewayError `unknown_model`, `blocked_end_user`, `ledger_down`, `budget_reached`, `limit_reached`; the promise rejects with it
 */
export function admit(
	call: OpenCall,
	body: RequestBody,
	gateway: Gateway,
): Promise<void> | undefined {
	const { route, request } = call;
	const isPaid = route.family.meter !== null && request.method === "POST";
	if (isPaid) estimate(call, gateway);
	call.opening = toOpening(call, gateway);
	requireEndUser(call.opening, gateway);
	// A batch that streams is not known yet: `scanUpload` does it at its end.
	if (call.scan !== null && isNewBatch(call)) {
		return reserveBatch(call, gateway).then(() =>
			makeRoom(reserve(call, gateway), call, body, gateway),
		);
	}
	const deleted = toDeleted(call);
	if (deleted !== null) {
		// Whoever has no room does not make others wait for it.
		return makeRoom(reserve(call, gateway), call, body, gateway)
			.then(() => settleBeforeDelete(deleted, gateway))
			.catch((error) => {
				throw toRefusal(error);
			});
	}
	const reserving = reserve(call, gateway);
	if (reserving === null) return isPaid ? hold(call, gateway) : undefined;
	return makeRoom(reserving, call, body, gateway).then(() =>
		isPaid ? hold(call, gateway) : undefined,
	);
}

/** @throws GatewayError `budget_reached`, `limit_reached`, `ledger_down` */
async function makeRoom(
	reserving: Promise<Refusal | null> | Refusal | null,
	call: OpenCall,
	body: RequestBody,
	gateway: Gateway,
): Promise<void> {
	const refusal = await reserving;
	if (refusal === null) return;
	const { directory } = gateway.authority;
	let smaller: HoldAmount | null;
	try {
		smaller = await findSmaller(refusal, call, body, gateway);
	} catch (cause) {
		throw toLimitError(refusal, directory, cause);
	}
	if (smaller === null) throw toLimitError(refusal, directory);
	call.hold = smaller;
	const again = await reserve(call, gateway);
	if (again !== null) throw toLimitError(again, directory);
}

/**
 * What is held where upstream itself counts the prompt, which for real text is about half the estimate; null where that
 * would not help. Rejects where upstream does not say.
 */
async function findSmaller(
	{ limit, used, held, reason }: Refusal,
	call: OpenCall,
	body: RequestBody,
	gateway: Gateway,
): Promise<HoldAmount | null> {
	const { route, catalog } = call;
	if (limit.measure !== "nanos" || route.family.name !== "messages")
		return null;
	const ask = catalog && toAsk(call, catalog);
	if (ask === null || !canBeCounted(ask)) return null;
	const toHold = (countedTokens: number) =>
		toHoldAmount({ ...ask, countedTokens }, gateway.holdMode);
	const taken = reason === "held" ? used + held : used;
	if (taken + toHold(0).nanos > limit.ceiling) return null;
	const smaller = toHold(await countPrompt(call, body, gateway));
	return smaller.nanos < call.hold.nanos ? smaller : null;
}

/** @throws GatewayError `blocked_end_user` */
function requireEndUser({ endUser, keyId }: Opening, gateway: Gateway): void {
	const { customers } = gateway.authority.directory;
	if (endUser === null || keyId === null) return;
	if (!customers.byId(endUser)?.blocked) return;
	throw new GatewayError(
		"blocked_end_user",
		`The end user ${endUser} is blocked. Ask the gateway's operator to unblock them.`,
	);
}

/** @throws GatewayError `unknown_model` */
function estimate(call: OpenCall, gateway: Gateway): void {
	call.catalog = gateway.catalog();
	const ask = toAsk(call, call.catalog);
	if (ask === null) return;
	call.hold = toHoldAmount(ask, gateway.holdMode);
	call.ranServerTools = ask.serverTools;
}

/** @throws GatewayError `ledger_down` */
function hold(call: OpenCall, gateway: Gateway): Promise<void> | undefined {
	requireLedger(call.hold, gateway);
	const opening = call.opening ?? toOpening(call, gateway);
	const detail = toHoldDetail(opening, call.hold);
	const { nanos } = call.hold;
	const { id, startedAtMs: startedMs } = call;
	try {
		const held = gateway.ledger.hold({
			id,
			kind: "call",
			startedMs,
			nanos,
			detail,
		});
		return held?.catch((error) => {
			throw toRefusal(error);
		});
	} catch (error) {
		throw toRefusal(error);
	}
}

/** Null where nothing is known of what it may cost. */
function toAsk(
	{ scan, model, alias, startedAtMs }: OpenCall,
	catalog: Catalog,
): HoldAsk | null {
	if (scan === null) return null;
	// The operator's own name for a model has no price.
	const named = alias === null ? scan : { ...scan, model: model ?? undefined };
	return toHoldAsk(named, toFindPrice(catalog, startedAtMs));
}

/** Money that nobody can write down is not spent, unless the operator wants it so, and then up to a limit. */
function requireLedger(hold: HoldAmount, gateway: Gateway): void {
	const fault = gateway.ledger.fault();
	if (fault === null || gateway.unwritten.take(hold.nanos)) return;
	throw ledgerDown(fault);
}

const toRefusal = (error: unknown): unknown =>
	error instanceof StoreError ? ledgerDown(error) : error;
