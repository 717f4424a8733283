/** A session of managed agents that upstream has made, written down with its maker before that one hears of it. */
import { noHoldAmount } from "../../domain/hold-amount.ts";
import { notRecorded } from "../ledger-down.ts";
import { parseJson, toObject, toText } from "../meter/json.ts";
import type { OpenCall } from "../open-call.ts";
import { toOpening } from "../opening.ts";
import { toHoldDetail } from "../orphan.ts";
import { persist } from "../persist.ts";
import type { Gateway } from "../pipeline.ts";
import { isSafeId, sessionsPath } from "./find-costs.ts";

/**
 * Resolves when it is in the database; at once for every other reply.
 * @throws GatewayError `ledger_down` when five seconds did not do; it has been told to `onSessionFault` then
 */
export async function registerSession(
	reply: Uint8Array,
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	const { route, request, upstreamStatus } = call;
	const isNew =
		request.method === "POST" && route.upstreamPath === sessionsPath;
	if (!isNew || upstreamStatus !== 200) return;
	const id = toText(toObject(parseJson(new TextDecoder().decode(reply)))?.id);
	if (!isSafeId(id)) {
		gateway.onSessionFault(id, "upstream's answer to its creation has no id");
		return;
	}
	const opening = call.opening ?? toOpening(call, gateway);
	const session = {
		id,
		callId: call.id,
		createdMs: call.startedAtMs,
		detail: toHoldDetail(opening, noHoldAmount),
	};
	try {
		await persist(() => gateway.agentSessions.add(session), gateway);
	} catch (error) {
		gateway.onSessionFault(id, `it could not be written down (${call.id})`);
		throw notRecorded(error);
	}
}
