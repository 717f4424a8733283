/** What a batch takes of budgets: from its creation, through every restart, until it is known what it came to. */
import type { Entry } from "../../domain/entry.ts";
import { addHoldAmounts, toHoldAmount } from "../../domain/hold-amount.ts";
import type { Limit } from "../../domain/limit.ts";
import type { Nanos } from "../../domain/nanos.ts";
import type { Reservation, Reserved } from "../../limits/counter.ts";
import type { Batch } from "../../store/batches.ts";
import { StoreError } from "../../store/engine.ts";
import { toFindPrice } from "../find-price.ts";
import { toHoldAsk } from "../hold-ask.ts";
import { ledgerDown } from "../ledger-down.ts";
import { toLimitError } from "../limit-error.ts";
import type { OpenCall } from "../open-call.ts";
import { type Opening, toOpening } from "../opening.ts";
import { fromHoldDetail } from "../orphan.ts";
import type { Gateway } from "../pipeline.ts";
import type { Item } from "../scan/finding.ts";

/** Of batches that upstream runs, by their calls: what this process has reserved, or taken up again. */
export type BatchHolds = Map<string, Reservation>;

/**
 * Adds what one request may cost at the most, by its own model.
 * @throws GatewayError `unknown_model`
 */
export function holdItem(call: OpenCall, item: Item, gateway: Gateway): void {
	call.catalog ??= gateway.catalog();
	const findPrice = toFindPrice(call.catalog, call.startedAtMs);
	const bytes = item.end - item.start;
	const ask = toHoldAsk({ ...item, bytes }, findPrice);
	if (ask === null) return;
	const amount = toHoldAmount({ ...ask, batch: true }, gateway.holdMode);
	call.batchAmount = addHoldAmounts(call.batchAmount, amount);
}

/** Rates and calls at a time are for the call that makes the batch: it takes them as any other does. */
const isBudget = ({ measure }: Limit): boolean => measure === "nanos";

interface Wanted {
	/** What it is taken under; unique. */
	readonly stake: string;
	readonly opening: Pick<Opening, "keyId" | "endUser" | "tags" | "payer">;
	/** Every model that its requests name. */
	readonly models: readonly string[];
	readonly nanos: Nanos;
	/** When the call that made it began: its Entries are of that time. */
	readonly startedMs: number;
	/** Whatever there is room for: it was let in before. */
	readonly again: boolean;
	/** Whether it stays taken where this process ends, until somebody gives it back. */
	readonly outlives: boolean;
}

/** No budget is as large. */
const unbounded = 2n ** 62n;

/** Of those that whoever made it must keep. Rejects with StoreError. */
export function takeOfBudgets(
	{ stake, opening, models, nanos, startedMs, again, outlives }: Wanted,
	{ authority, limits: finder, counter }: Gateway,
): Reserved | Promise<Reserved> {
	const { keyId, endUser, tags } = opening;
	const key = keyId === null ? null : authority.directory.keys.byId(keyId);
	const found = finder.find({
		key,
		keyId,
		endUser,
		tags,
		models,
		startedMs,
	});
	const budgets = found.limits.filter(isBudget);
	const limits = again
		? budgets.map((limit) => ({ ...limit, ceiling: unbounded }))
		: budgets;
	return counter.reserve({
		id: stake,
		subjects: found.subjects,
		limits,
		models,
		wanted: {
			nanos: opening.payer === "operator" ? nanos : 0n,
			tokens: 0,
		},
		startedMs,
		outlives,
	});
}

const toStake = (callId: string): string => `batch:${callId}`;

/**
 * Takes what all requests of a new batch may cost, before upstream has all of it.
 * @throws GatewayError `budget_reached`, `limit_reached`, `ledger_down`
 */
export async function reserveBatch(
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	const opening = call.opening ?? toOpening(call, gateway);
	const { nanos } = call.batchAmount;
	const models = call.batchModels;
	const { id: callId, startedAtMs: startedMs } = call;
	const stake = toStake(callId);
	const of = { stake, startedMs, opening, models, nanos };
	const wanted = { ...of, again: false, outlives: true };
	let reserved: Reserved;
	try {
		reserved = await takeOfBudgets(wanted, gateway);
	} catch (error) {
		throw error instanceof StoreError ? ledgerDown(error) : error;
	}
	if (reserved.refusal !== null) {
		throw toLimitError(reserved.refusal, gateway.authority.directory);
	}
	call.batchHold = reserved.reservation;
	// It may have ended while it waited.
	if (call.over) dropBatchHold(call);
}

/** The batch is written down: its hold no longer ends with its call. */
export function keepBatchHold(call: OpenCall, { batchHolds }: Gateway): void {
	if (call.batchHold !== null) batchHolds.set(call.id, call.batchHold);
	call.batchHold = null;
}

/** The call is over; a batch that was not written down has taken nothing. */
export function dropBatchHold(call: OpenCall): void {
	call.batchHold?.end({ nanos: 0n, tokens: 0 });
	call.batchHold = null;
}

/**
 * Takes up again what open batches hold, before anybody is let in; shared counts have it still. Rejects with StoreError.
 */
export async function resumeBatchHolds(gateway: Gateway): Promise<void> {
	if (gateway.sharesCounts) return;
	for (const batch of await gateway.batches.listOpen()) {
		const reservation = await resume(batch, gateway);
		if (reservation) gateway.batchHolds.set(batch.callId, reservation);
	}
}

async function resume(batch: Batch, gateway: Gateway) {
	const { opening } = fromHoldDetail(batch.detail);
	const { callId, createdMs: startedMs, held: nanos } = batch;
	const models = (opening.requestedModel ?? "").split(" ");
	const stake = toStake(callId);
	const of = { stake, startedMs, opening, models, nanos };
	const wanted = { ...of, again: true, outlives: true };
	return (await takeOfBudgets(wanted, gateway)).reservation;
}

/**
 * What the batch came to takes the place of what it held. Rejects with StoreError.
 * @param entries those that have not been counted
 */
export async function endBatchHold(
	batch: Batch,
	entries: readonly Entry[],
	gateway: Gateway,
): Promise<void> {
	const { batchHolds } = gateway;
	const held = batchHolds.get(batch.callId) ?? (await resume(batch, gateway));
	batchHolds.delete(batch.callId);
	const nanos = entries
		.filter(({ payer }) => payer === "operator")
		.reduce((sum, { cost }) => sum + (cost ?? 0n), 0n);
	held?.end({ nanos, tokens: 0 });
}
