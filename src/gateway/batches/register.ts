/** A batch that upstream has taken on, written down before its caller hears of it. */
import { StoreError } from "../../store/engine.ts";
import { settleWithinMs } from "../../store/ledger.ts";
import { notRecorded } from "../ledger-down.ts";
import { parseJson, toObject, toText } from "../meter/json.ts";
import type { OpenCall } from "../open-call.ts";
import { type Opening, toOpening } from "../opening.ts";
import { toHoldDetail } from "../orphan.ts";
import type { Gateway } from "../pipeline.ts";
import { keepBatchHold } from "./hold.ts";

export const batchesPath = "/v1/messages/batches";

/** Whether the call asks for a new batch. */
export const isNewBatch = ({ route, request }: OpenCall): boolean =>
	request.method === "POST" && route.upstreamPath === batchesPath;

/** Ids become parts of paths. */
const safeId = /^[\w-]{1,200}$/;

const retryMs = 50;

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
	const deadlineMs = clock.monotonic() + settleWithinMs;
	for (;;) {
		try {
			await batches.add(batch, clock.now() + batchPollMs);
			keepBatchHold(call, gateway);
			return;
		} catch (error) {
			const isOver = clock.monotonic() >= deadlineMs;
			if (isOver || !(error instanceof StoreError)) {
				const whose = `${batch.owner ?? "nobody's key"}, ${call.id}`;
				gateway.onBatchFault(id, `it could not be written down (${whose})`);
				throw notRecorded(error);
			}
			await new Promise((resolve) => setTimeout(resolve, retryMs));
		}
	}
}

/** Whose it is: all of a team, or else all keys of a user, or else one key. Null: of those who hold no key. */
export function toOwner({
	teamId,
	userId,
	keyId,
}: Pick<Opening, "teamId" | "userId" | "keyId">): string | null {
	if (teamId !== null) return `team:${teamId}`;
	if (userId !== null) return `user:${userId}`;
	return keyId === null ? null : `key:${keyId}`;
}
