/** What becomes of a call on the ledger. */
import type { CallEnd } from "../domain/call.ts";
import type { Entry } from "../domain/entry.ts";
import { noNanos } from "../domain/nanos.ts";
import type { Usage } from "../domain/usage.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { Cost } from "../pricing/cost.ts";
import { toSumModel as nameModel } from "../pricing/model-match.ts";
import type { Charge } from "./charge.ts";
import type { Reading } from "./meter/reading.ts";
import type { OpenCall } from "./open-call.ts";
import type { Opening } from "./opening.ts";

/** A call that came to nothing. */
export const emptyEntry: Entry = {
	id: "",
	kind: "call",
	state: "exact",
	payer: "operator",
	startedMs: 0,
	durationMs: 0,
	firstByteMs: null,
	family: "unknown",
	method: "",
	path: "",
	streamed: false,
	status: 0,
	end: "done",
	errorType: null,
	keyId: null,
	userId: null,
	teamId: null,
	endUser: null,
	sessionId: null,
	agentId: null,
	parentAgentId: null,
	tags: [],
	metadata: null,
	clientAddress: null,
	userAgent: null,
	requestedModel: null,
	servedModel: null,
	input: 0,
	output: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
	thinking: 0,
	webSearches: 0,
	serviceTier: null,
	inferenceGeo: null,
	speed: null,
	stopReason: null,
	usageRest: null,
	cost: noNanos,
	held: noNanos,
	price: null,
	catalog: null,
	messageId: null,
	upstreamRequestId: null,
	requestBytes: 0,
	replyBytes: 0,
	requestHash: null,
	replyHash: null,
	corrects: null,
};

/** As the sums name what served, or else was asked for. */
export const toSumModel = (
	entry: Pick<Entry, "servedModel" | "requestedModel" | "startedMs">,
	catalog: Catalog,
): string =>
	nameModel(
		entry.servedModel ?? entry.requestedModel,
		entry.startedMs,
		catalog,
	);

/** The Entry of a call that is over. */
export function toEntry(
	call: OpenCall,
	opening: Opening,
	ending: {
		readonly end: CallEnd;
		readonly reading: Reading | null;
		/** What is charged for, of the reading. */
		readonly usage: Usage;
		readonly charge: Charge;
		readonly durationMs: number;
	},
): Entry {
	const { reading, end, usage, charge } = ending;
	return {
		id: call.id,
		kind: "call",
		state: charge.state,
		payer: opening.payer,
		startedMs: call.startedAtMs,
		durationMs: Math.round(ending.durationMs),
		firstByteMs:
			call.firstByteMs === null ? null : Math.round(call.firstByteMs),
		family: opening.family,
		method: opening.method,
		path: opening.path,
		streamed: call.streamed,
		status: call.status ?? 0,
		end,
		errorType: reading?.errorType ?? null,
		keyId: opening.keyId,
		userId: opening.userId,
		teamId: opening.teamId,
		endUser: opening.endUser,
		sessionId: opening.sessionId,
		agentId: opening.agentId,
		parentAgentId: opening.parentAgentId,
		tags: opening.tags,
		metadata: toMetadata(opening, reading, charge.bill),
		clientAddress: opening.clientAddress,
		userAgent: opening.userAgent,
		requestedModel: opening.requestedModel,
		servedModel: usage.model,
		input: usage.input,
		output: usage.output,
		cacheWrite5m: usage.cacheWrite5m,
		cacheWrite1h: usage.cacheWrite1h,
		cacheRead: usage.cacheRead,
		thinking: usage.thinking,
		webSearches: usage.webSearches,
		serviceTier: usage.serviceTier,
		inferenceGeo: usage.inferenceGeo,
		speed: usage.speed,
		stopReason: usage.stopReason,
		usageRest: reading?.usageRest ?? null,
		cost: charge.cost,
		held: call.hold.nanos,
		price: charge.price,
		catalog: charge.catalog,
		messageId: reading?.messageId ?? null,
		upstreamRequestId: call.upstreamRequestId,
		requestBytes: call.requestBytes,
		replyBytes: call.replyBytes,
		requestHash: call.requestHash?.digest("hex") ?? null,
		replyHash: call.replyHash?.digest("hex") ?? null,
		corrects: null,
	};
}

/** With what is to be said of how the cost came about. */
function toMetadata(
	{ metadata }: Opening,
	reading: Reading | null,
	bill: Cost | null,
): string | null {
	const notes = bill?.notes ?? [];
	const containerId = reading?.containerId ?? null;
	if (notes.length === 0 && containerId === null) return metadata;
	return JSON.stringify({
		...JSON.parse(metadata ?? "{}"),
		...(notes.length > 0 && { cost_notes: notes }),
		...(containerId !== null && { container_id: containerId }),
	});
}
