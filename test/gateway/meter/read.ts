import { emptyUsage } from "../../../src/domain/usage.ts";
import { openMeter } from "../../../src/gateway/meter/meter.ts";
import {
	emptyReading,
	type Reading,
} from "../../../src/gateway/meter/reading.ts";
import { encode } from "./pieces.ts";
import { type Event, toStream } from "./written.ts";

export function read(stream: string): Reading {
	const meter = openMeter("messages");
	meter.push(encode(stream));
	meter.end();
	return meter.result();
}

export const readEvents = (...events: readonly Event[]) =>
	read(toStream(...events));

/** What `message_start` of the written streams says. */
export const started = {
	...emptyUsage,
	input: 2679,
	output: 3,
	cacheWrite5m: 2000,
	cacheWrite1h: 500,
	cacheRead: 10_000,
	model: "claude-opus-5-5",
	serviceTier: "standard",
	inferenceGeo: "us",
	speed: "fast",
};

export const reading: Reading = {
	...emptyReading,
	messageId: "msg_014p7gG3wDgGV9EUtLvnow3U",
};
