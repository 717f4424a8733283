import { ApiError, toErrorBody } from "./errors.ts";
import type { SseEvent } from "./reply.ts";
import type { Script } from "./script.ts";
import type { ErrorType } from "./shapes.ts";
import { pause, type Wire } from "./wire.ts";

/** A reply's body on its way, as a sequence of things to do; scripted faults are changes to that sequence. */
export type Step =
	| { do: "write"; bytes: Uint8Array }
	| { do: "pause"; ms: number }
	| { do: "write-raw"; bytes: Uint8Array }
	| { do: "hang-up" }
	| { do: "reset" };

export type Steps = AsyncIterable<Step> | Iterable<Step>;

const doers: {
	[Name in Step["do"]]: (
		wire: Wire,
		step: Extract<Step, { do: Name }>,
	) => Promise<void> | undefined;
} = {
	write: (wire, { bytes }) => wire.write(bytes),
	pause: (wire, { ms }) => pause(ms, wire),
	"write-raw": (wire, { bytes }) => {
		wire.writeRaw(bytes);
		return undefined;
	},
	"hang-up": (wire) => {
		wire.hangUp("aborted-by-script");
		return undefined;
	},
	reset: (wire) => {
		wire.reset();
		return undefined;
	},
};

/** Takes the steps, each when the client has room; stops when the client is gone. */
export async function takeSteps(wire: Wire, steps: Steps): Promise<void> {
	for await (const step of steps) {
		if (wire.ended) return;
		// The table pairs every step with its own doer; TypeScript cannot follow that.
		const take = doers[step.do] as (
			wire: Wire,
			step: Step,
		) => Promise<void> | undefined;
		const waiting = take(wire, step);
		if (waiting !== undefined) await waiting;
	}
	wire.end();
}

const encoder = new TextEncoder();
const byteOrderMark = "\uFEFF";
const lineEnds = { lf: "\n", crlf: "\r\n", cr: "\r" };
/** Where "the middle" of a stream is. */
const midStreamEvents = 4;
/** What was written last must be read before a reset throws it away. */
const beforeResetMs = 50;

/** Events as writes, with everything the script wants done to a stream. */
export async function* toEventSteps(
	events: Iterable<SseEvent> | AsyncIterable<SseEvent>,
	script: Script,
): AsyncGenerator<Step> {
	const lineEnd = lineEnds[script.line_end ?? "lf"];
	const write = (text: string): Step => ({
		do: "write",
		bytes: encoder.encode(text.replaceAll("\n", lineEnd)),
	});
	let count = 0;
	if (script.bom) yield write(byteOrderMark);
	for await (const event of events) {
		yield* toCut(count, script);
		if (script.error_event?.after_events === count) {
			yield write(toErrorEvent(script.error_event.type));
			return;
		}
		for (const { after_events, text } of script.insert ?? []) {
			if (after_events === count) yield write(text);
		}
		if (count > 0 && script.event_delay_ms) {
			yield { do: "pause", ms: script.event_delay_ms };
		}
		if (script.comments) yield write(`: event ${count}\n\n`);
		const name = event.name === undefined ? "" : `event: ${event.name}\n`;
		yield write(`${name}data: ${event.data}\n\n`);
		count++;
	}
}

function toErrorEvent(type: ErrorType = "overloaded_error"): string {
	const body = toErrorBody(new ApiError(type), null);
	return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
}

/** A long body as writes; the script counts its chunks as it counts events. */
export function* toChunkSteps(
	chunks: Iterable<Uint8Array>,
	script: Script,
): Generator<Step> {
	let count = 0;
	for (const bytes of chunks) {
		yield* toCut(count, script);
		if (count > 0 && script.event_delay_ms) {
			yield { do: "pause", ms: script.event_delay_ms };
		}
		yield { do: "write", bytes };
		count++;
	}
}

/** Where the script breaks a stream after so many events, the steps that break it. */
function* toCut(count: number, script: Script): Generator<Step> {
	if (readCut(script.truncate) === count) {
		// At once, a client's runtime may drop what came before the end (Bun 1.4.5).
		yield { do: "pause", ms: beforeResetMs };
		yield { do: "hang-up" };
	}
	if (script.malformed_chunk && count === midStreamEvents) yield* badChunk;
	if (readCut(script.reset) === count) {
		yield { do: "pause", ms: beforeResetMs };
		yield { do: "reset" };
	}
}

function readCut(
	cut: Script["truncate"] | Script["reset"],
): number | undefined {
	if (cut === "mid_body") return midStreamEvents;
	return typeof cut === "object" ? cut.after_events : undefined;
}

const badChunk: readonly Step[] = [
	{ do: "write-raw", bytes: encoder.encode("ZZZ\r\nthis is no chunk\r\n") },
	{ do: "hang-up" },
];

/** A whole body as writes: all of it, or its first half and then what the script wants. */
export function toBodySteps(bytes: Uint8Array, script: Script): Step[] {
	const half: Step = {
		do: "write",
		bytes: bytes.subarray(0, Math.floor(bytes.length / 2)),
	};
	if (script.truncate) return [half, { do: "hang-up" }];
	if (script.malformed_chunk) return [half, ...badChunk];
	if (script.reset) {
		return [half, { do: "pause", ms: beforeResetMs }, { do: "reset" }];
	}
	return [{ do: "write", bytes }];
}
