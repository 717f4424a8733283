import type { Entry } from "../../src/domain/entry.ts";
import { noNanos, toNanos } from "../../src/domain/nanos.ts";
import type { Usage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { toCost } from "../../src/pricing/cost.ts";
import type { Caller } from "./cast.ts";
import type { Dice } from "./dice.ts";

/** An Entry, and the name of its model in the sums. */
export interface Call {
	readonly entry: Entry;
	readonly model: string;
}

/** How calls end, and how often in a thousand. */
interface Ending extends Pick<Entry, "status" | "end" | "errorType"> {
	readonly share: number;
	/** What of its usage counts, from 0 to 1. */
	readonly used: number;
}

const endings: readonly Ending[] = [
	{ share: 955, status: 200, end: "done", errorType: null, used: 1 },
	{ share: 15, status: 200, end: "client_left", errorType: null, used: 0.4 },
	{
		share: 15,
		status: 529,
		end: "done",
		errorType: "overloaded_error",
		used: 0,
	},
	{
		share: 10,
		status: 429,
		end: "done",
		errorType: "rate_limit_error",
		used: 0,
	},
	{
		share: 5,
		status: 400,
		end: "done",
		errorType: "invalid_request_error",
		used: 0,
	},
];
const allEndings = 1_000;

/** Of a hundred calls, for the caller's first, second and third model. */
const modelShares = [75, 95, 100] as const;
const searchesPercent = 1;
const agentPercent = 15;
const metadataPercent = 50;
const cacheWritePercent = 60;
const bytesPerToken = 4;
const msPerToken = 14;
const overheadBytes = 900;
/** What is reserved is more than what is used. */
const heldFactor = 3n;

export function toCall(
	caller: Caller,
	startedMs: number,
	{ dice, catalog }: { readonly dice: Dice; readonly catalog: Catalog },
): Call {
	const percent = dice.below(100);
	const model =
		caller.models[modelShares.findIndex((share) => percent < share)] ?? "";
	const ending = toEnding(dice);
	const streamed = dice.below(100) < caller.habit.streamed;
	const usage = toUsage(caller, dice, { model, used: ending.used });
	const isUnfinished = ending.end === "client_left";
	const cost = toCost(usage, catalog, {
		atMs: startedMs,
		requestedModel: model,
		isUnfinished,
	});
	const firstByteMs = dice.spread(250, 4_000);
	const nanos = cost.nanos ?? noNanos;
	const { input, output, cacheWrite5m, cacheWrite1h, cacheRead } = usage;
	const prompt = input + cacheWrite5m + cacheWrite1h + cacheRead;
	const entry: Entry = {
		...fixed,
		...toLabels(caller, dice),
		id: dice.timedUuid(startedMs),
		state: cost.state,
		startedMs,
		durationMs: firstByteMs + output * msPerToken,
		firstByteMs,
		streamed,
		status: ending.status,
		end: ending.end,
		errorType: ending.errorType,
		requestedModel: model,
		servedModel: ending.used > 0 ? model : null,
		...{ input, output, cacheWrite5m, cacheWrite1h, cacheRead },
		thinking: usage.thinking,
		webSearches: usage.webSearches,
		serviceTier: ending.used > 0 ? usage.serviceTier : null,
		inferenceGeo: ending.used > 0 ? usage.inferenceGeo : null,
		speed: ending.used > 0 ? usage.speed : null,
		stopReason: ending.used === 1 ? usage.stopReason : null,
		cost: cost.nanos,
		held: toNanos(nanos * heldFactor),
		price: cost.price,
		catalog: cost.catalog,
		messageId: ending.used > 0 ? dice.id("msg") : null,
		upstreamRequestId: dice.id("req"),
		requestBytes: overheadBytes + prompt * bytesPerToken,
		replyBytes: overheadBytes + output * bytesPerToken * (streamed ? 8 : 1),
	};
	return { entry, model };
}

const fixed = {
	kind: "call",
	payer: "operator",
	family: "messages",
	method: "POST",
	path: "/v1/messages",
	usageRest: null,
	requestHash: null,
	replyHash: null,
	corrects: null,
} as const;

function toEnding(dice: Dice): Ending {
	let left = dice.below(allEndings);
	for (const ending of endings) {
		left -= ending.share;
		if (left < 0) return ending;
	}
	throw new RangeError("the shares of the endings do not add up");
}

function toUsage(
	{ habit }: Caller,
	dice: Dice,
	{ model, used }: { readonly model: string; readonly used: number },
): Usage {
	const tokens = ([low, high]: readonly [number, number]) =>
		high === 1 ? 0 : Math.floor(dice.spread(low, high) * used);
	const output = tokens(habit.output);
	const writes = dice.below(100) < cacheWritePercent;
	return {
		input: tokens(habit.input),
		output,
		cacheWrite5m: writes ? tokens(habit.cacheWrite) : 0,
		cacheWrite1h: 0,
		cacheRead: tokens(habit.cacheRead),
		model,
		serviceTier: "standard",
		inferenceGeo: "global",
		speed: "standard",
		stopReason: habit.name === "coding" ? "tool_use" : "end_turn",
		webSearches: used > 0 && dice.below(100) < searchesPercent ? 1 : 0,
		codeExecutions: 0,
		thinking: habit.name === "coding" ? output >> 2 : 0,
		iterations: [],
	};
}

function toLabels(caller: Caller, dice: Dice) {
	const { habit, tags } = caller;
	if (habit.callsPerSession > 0 && dice.below(habit.callsPerSession) === 0)
		caller.session = dice.uuid();
	const first = dice.below(tags.length);
	const isAgent = caller.deviceId !== null && dice.below(100) < agentPercent;
	return {
		keyId: caller.keyId,
		userId: caller.userId,
		teamId: caller.teamId,
		endUser: habit.endUsers > 0 ? dice.pick(caller.endUsers) : null,
		sessionId: caller.session,
		agentId: isAgent ? dice.hex(16) : null,
		parentAgentId: null,
		tags: Array.from(
			{ length: Math.min(habit.tagsPerCall, tags.length) },
			(_, at) => tags[(first + at) % tags.length] ?? "",
		),
		metadata: toMetadata(caller, dice),
		clientAddress: caller.address,
		userAgent: caller.userAgent,
	};
}

function toMetadata({ deviceId, habit }: Caller, dice: Dice): string | null {
	if (deviceId !== null) return JSON.stringify({ device_id: deviceId });
	if (habit.name !== "product" || dice.below(100) >= metadataPercent)
		return null;
	return JSON.stringify({ feature: "assistant", release: "2026.11.3" });
}
