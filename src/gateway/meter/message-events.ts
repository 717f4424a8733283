/** What the events of a Messages stream say. Totals are cumulative: of each member the last value that is not null holds. */

import { isCodeExecution, isThinking } from "./blocks.ts";
import { toCount } from "./counts.ts";
import type { SseEvent } from "./event.ts";
import { type JsonObject, parseJson, toObject, toText } from "./json.ts";

export interface MessageState {
	messageId: string | null;
	model: string | null;
	stopReason: string | null;
	containerId: string | null;
	errorType: string | null;
	codeExecutions: number;
	/** Another model has taken over. */
	fellBack: boolean;
	thinks: boolean;
	malformed: boolean;
	/** The members of usage so far; null: none has come. */
	usage: Record<string, unknown> | null;
	/** The events that last said them. */
	startText: string | null;
	deltaText: string | null;
	/** `cache_creation` came with the last totals, not with the first. */
	splitIsLast: boolean;
	/** Output that upstream has counted, and bytes of output since. */
	reportedOutput: number;
	outputBytes: number;
	/** No content has come since the totals did. */
	isCurrent: boolean;
	stopped: boolean;
}

export const openMessageState = (): MessageState => ({
	messageId: null,
	model: null,
	stopReason: null,
	containerId: null,
	errorType: null,
	codeExecutions: 0,
	fellBack: false,
	thinks: false,
	malformed: false,
	usage: null,
	startText: null,
	deltaText: null,
	splitIsLast: false,
	reportedOutput: 0,
	outputBytes: 0,
	isCurrent: false,
	stopped: false,
});

/** The events that end a reply. */
const enders: ReadonlySet<string | null> = new Set(["message_stop", "error"]);

/** Streams that have lost their `event` lines are told by the type in their data, which stands first. */
function typeOf({ name, data }: SseEvent): string | null {
	if (name !== null) return name;
	if (data === "") return null;
	const type = /^\s*\{\s*"type"\s*:\s*"(\w+)"/.exec(data)?.[1];
	return type ?? toText(toObject(parseJson(data))?.type);
}

const blockType = /"content_block"\s*:\s*\{\s*"type"\s*:\s*"(\w+)"/;

/** Whether a long event is read to its end: results of server tools, half a MB of them, are not. */
export function isWanted(event: SseEvent): boolean {
	const type = typeOf(event);
	if (type === "content_block_start")
		return blockType.exec(event.data)?.[1] === "fallback";
	return type === null || readers.has(type);
}

/** Whether it is the event that ends the reply. */
export const isEnd = (event: SseEvent): boolean => enders.has(typeOf(event));

type Reader = (s: MessageState, data: string) => void;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
	["message_start", readStart],
	["content_block_start", readBlock],
	["message_delta", readTotals],
	["error", readError],
	["message_stop", readStop],
]);

/** Returns whether the event ends the reply. */
export function take(s: MessageState, event: SseEvent): boolean {
	const type = typeOf(event);
	if (type === null) return false;
	readers.get(type)?.(s, event.data);
	return enders.has(type);
}

function parseEvent(s: MessageState, data: string): JsonObject {
	const parsed = toObject(parseJson(data));
	s.malformed ||= parsed === null;
	return parsed ?? {};
}

function readStart(s: MessageState, data: string) {
	const message = toObject(parseEvent(s, data).message) ?? {};
	s.messageId = toText(message.id);
	s.model = toText(message.model);
	s.containerId = toText(toObject(message.container)?.id);
	s.startText = data;
	addUsage(s, message.usage);
}

function readTotals(s: MessageState, data: string) {
	const { delta, usage } = parseEvent(s, data);
	const change = toObject(delta);
	s.stopReason = toText(change?.stop_reason) ?? s.stopReason;
	s.containerId = toText(toObject(change?.container)?.id) ?? s.containerId;
	s.deltaText = data;
	const totals = addUsage(s, usage);
	if (totals === null) return;
	s.splitIsLast ||= totals.cache_creation != null;
	const output = toCount(totals.output_tokens);
	if (output === null) return;
	// after a fallback the totals are those of the model that served, and may be less
	s.malformed ||= output < s.reportedOutput && !s.fellBack;
	s.reportedOutput = output;
	s.outputBytes = 0;
	s.isCurrent = true;
}

/** Upstream repeats only what has changed. Returns what it said, if that is a usage. */
function addUsage(s: MessageState, said: unknown): JsonObject | null {
	const usage = toObject(said);
	s.malformed ||= usage === null && said != null;
	if (usage === null) return null;
	s.usage ??= {};
	for (const [name, value] of Object.entries(usage)) {
		// as a name to assign to, this one would reach into a prototype
		if (value !== null && name !== "__proto__") s.usage[name] = value;
	}
	return usage;
}

function readBlock(s: MessageState, data: string) {
	s.isCurrent = false;
	const type =
		blockType.exec(data)?.[1] ??
		toText(toObject(toObject(parseJson(data))?.content_block)?.type);
	if (type === null) return;
	s.thinks ||= isThinking(type);
	if (isCodeExecution(type)) s.codeExecutions++;
	if (type === "fallback") {
		const block = toObject(parseEvent(s, data).content_block);
		s.model = toText(toObject(block?.to)?.model) ?? s.model;
		s.fellBack = true;
	}
}

function readError(s: MessageState, data: string) {
	s.errorType =
		toText(toObject(toObject(parseJson(data))?.error)?.type) ?? "error";
}

function readStop(s: MessageState) {
	s.stopped = true;
}
