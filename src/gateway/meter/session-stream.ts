/** The events of a session, for hours perhaps: its `session.usage` events are running totals. Nothing ends it but its end. */

import { decode, readEvent, readEventSoFar } from "./event.ts";
import { parseJson, toObject } from "./json.ts";
import { emptyReading, type Reading, type StreamMeter } from "./reading.ts";
import { findUsage } from "./rest.ts";
import { toSessionReading } from "./session-usage.ts";

const usageEvent = '"session.usage"';

export function openSessionStream(): StreamMeter {
	let reading: Reading = emptyReading;
	const take = (bytes: Uint8Array, start: number, end: number) => {
		const { data } = readEvent(decode(bytes, start, end));
		if (!data.includes(usageEvent)) return;
		const event = toObject(parseJson(data));
		if (event?.type !== "session.usage") return;
		const usage = toObject(event.usage);
		reading = toSessionReading({
			id: null,
			model: null,
			errorType: null,
			usage,
			usageText: () => findUsage(data),
			malformed: usage === null,
		});
	};
	return {
		sink: {
			skim: (_chunk, start) => start,
			event(bytes, start, end) {
				take(bytes, start, end);
				return false;
			},
			endsReply: () => false,
			needsRest(bytes, start, end) {
				const { name, data } = readEventSoFar(decode(bytes, start, end));
				return name === "session.usage" || data.includes(usageEvent);
			},
			cutOff: take,
		},
		read: () => reading,
	};
}
