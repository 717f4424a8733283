/** Listens to the events of a session, for hours perhaps; its `session.usage` events are running totals. */
import { openMeter } from "../meter/meter.ts";
import type { OpenCall } from "../open-call.ts";
import type { Gateway } from "../pipeline.ts";
import { isSafeId, toSessionOfEvents } from "./find-costs.ts";
import { noteCosts } from "./queue.ts";

/** Takes each chunk as it passes; null where the reply is no such stream. */
export function openSessionTap(
	call: OpenCall,
	gateway: Gateway,
): ((bytes: Uint8Array) => void) | null {
	const { family, upstreamPath } = call.route;
	if (!family.listCosts || !call.streamed) return null;
	const id = toSessionOfEvents(upstreamPath);
	if (!isSafeId(id)) return null;
	const meter = openMeter("session");
	let last: bigint | null = null;
	return (bytes) => {
		meter.push(bytes);
		const nanos = meter.result().session?.listCost ?? null;
		if (nanos === null || nanos === last) return;
		last = nanos;
		noteCosts([{ id, nanos, isPast: false }], call, gateway);
	};
}
