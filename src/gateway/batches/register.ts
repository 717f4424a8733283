/** A batch that upstream has taken on, written down before its caller hears of it. */
import { notRecorded } from "../ledger-down.ts";
import { parseJson, toObject, toText } from "../meter/json.ts";
import type { OpenCall } from "../open-call.ts";
import { toOpening } from "../opening.ts";
import { toHoldDetail } from "../orphan.ts";
import { safeId } from "../owned/places.ts";
import { toOwner } from "../owned/tenant.ts";
import { persist } from "../persist.ts";
import type { Gateway } from "../pipeline.ts";
import { keepBatchHold } from "./hold.ts";

export const batchesPath = "/v1/messages/batches";

/** Whether the call asks for a new batch. */
export const isNewBatch = ({ route, request }: OpenCall): boolean =>
	request.method === "POST" && route.upstreamPath === batchesPath;

/**
 * Resolves when the batch is in the database; at once for any other reply, and for a batch that somebody else pays for.
 * @param reply upstream's, decoded
 * @throws GatewayError `ledger_down` when five seconds did not do; the batch has been told to `onBatchFault` then
 */
export async function registerBatch(
	reply: Uint8Array,
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	if (!isNewBatch(call) || call.upstreamStatus !== 200) return;
	const opening = call.opening ?? toOpening(call, gateway);
	if (opening.payer === "client") return;
	const id = toText(toObject(parseJson(new TextDecoder().decode(reply)))?.id);
	if (id === null || !safeId.test(id)) {
		gateway.onBatchFault(id, "upstream's answer to its creation has no id");
		return;
	}
	const listed = { ...opening, requestedModel: call.batchModels.join(" ") };
	const batch = {
		id,
		callId: call.id,
		state: "open",
		createdMs: call.startedAtMs,
		tries: 0,
		owner: toOwner(opening),
		held: call.batchAmount.nanos,
		heldInput: call.batchAmount.inputNanos,
		detail: toHoldDetail(listed, call.batchAmount),
	} as const;
	const { batches, clock, batchPollMs } = gateway;
	try {
		const dueMs = clock.now() + batchPollMs;
		await persist(() => batches.add(batch, dueMs), gateway);
	} catch (error) {
		const whose = `${batch.owner ?? "nobody's key"}, ${call.id}`;
		gateway.onBatchFault(id, `it could not be written down (${whose})`);
		throw notRecorded(error);
	}
	keepBatchHold(call, gateway);
}
