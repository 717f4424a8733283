import type { CallRecord } from "../domain/call.ts";
import type { Entry } from "../domain/entry.ts";
import type { HoldMode } from "../domain/hold-amount.ts";
import type { LimitFinder } from "../limits/call-limits.ts";
import type { Counter } from "../limits/counter.ts";
import type {
	Clock,
	ReleaseChunk,
	UpstreamFetch,
} from "../platform/contract.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { AgentSessions } from "../store/agent-sessions.ts";
import type { Batches } from "../store/batches.ts";
import type { Ledger } from "../store/ledger.ts";
import type { OwnedObject, Owners } from "../store/owners.ts";
import { admit } from "./admit.ts";
import { openSessionQueue, type SessionQueue } from "./agent-sessions/queue.ts";
import { requireModels } from "./allowed-models.ts";
import { type Authority, authenticate } from "./authenticate.ts";
import type { BatchHolds } from "./batches/hold.ts";
import { type BytesInFlight, openBytesInFlight } from "./bytes-in-flight.ts";
import type { KeyHeaders } from "./cost-headers.ts";
import { type Counting, openCounting } from "./counting.ts";
import { messagesPath, toRoute } from "./families.ts";
import { type Flights, openFlights, type WaitLimits } from "./flights.ts";
import { forward } from "./forward.ts";
import { type Guesses, type GuessesOptions, openGuesses } from "./guesses.ts";
import { type Arrival, noteReply, openCall } from "./open-call.ts";
import { answerOwn } from "./owned/answer-own.ts";
import {
	namesOthers,
	requireOwnNames,
	requireOwnPath,
} from "./owned/require-own.ts";
import { beginOnePiece, readRequest, toOnePiece } from "./read.ts";
import { refuse } from "./refuse.ts";
import { answerWhole, isReadWhole, relayReply } from "./relay-reply.ts";
import type { Totals } from "./totals.ts";
import type { Unwritten } from "./unwritten.ts";

export interface GatewayOptions {
	readonly clock: Clock;
	/** A UUID, version 7. */
	readonly newId: () => string;
	readonly fetch: UpstreamFetch;
	readonly releaseChunk: ReleaseChunk;
	readonly authority: Authority;
	/** Scheme, host and base path; no trailing slash. Nothing of a request can change it. */
	readonly upstreamUrl: string;
	/** Sent where the client sent none. */
	readonly userAgent: string;
	/** Bytes, by the families' `limit`. */
	readonly bodyLimits: {
		readonly messages: number;
		readonly batches: number;
		readonly files: number;
		readonly other: number;
	};
	readonly waitLimits: WaitLimits;
	/** What becomes of unknown keys. */
	readonly guessing: Omit<GuessesOptions, "clock">;
	readonly inFlightBytes: number;
	readonly ledger: Ledger;
	readonly counter: Counter;
	readonly batches: Batches;
	readonly agentSessions: AgentSessions;
	readonly owners: Owners;
	/** Whether the counts of limits are those of several processes, and outlive this one. */
	readonly sharesCounts: boolean;
	/** How soon after its creation upstream is first asked what has become of a batch. */
	readonly batchPollMs: number;
	readonly limits: Pick<LimitFinder, "find">;
	/** The prices in force now. */
	readonly catalog: () => Catalog;
	readonly totals: Totals;
	/** What may be spent while the ledger cannot be written. */
	readonly unwritten: Unwritten;
	readonly holdMode: HoldMode;
	/** Whether bodies are hashed. */
	readonly hashBodies: boolean;
	/** What everybody may ask for by another name: the name, and the model. */
	readonly modelAliases: Readonly<Record<string, string>>;
	/** In lower case; null: none. */
	readonly userHeader: string | null;
	/** As clients see it: `tollway-0.1.0`. */
	readonly versionName: string;
	readonly rewriteResultsUrl: boolean;
	/** Where clients reach us, if they cannot see it from the request itself; no trailing slash. */
	readonly publicUrl: string | null;
	/** Empty or `/prefix`. */
	readonly rootPath: string;
	/** Called once for every call; must not throw. */
	readonly onCall: (record: CallRecord) => void;
	/** Saves an Entry that the ledger did not take; must not throw. */
	readonly onLost: (entry: Entry, error: unknown) => void;
	/** A batch could not be looked after (it is tried again), or is lost. Id null: all of them. Must not throw. */
	readonly onBatchFault: (id: string | null, why: unknown) => void;
	/** What a session of managed agents cost could not be recorded (it is told again), or fell. Must not throw. */
	readonly onSessionFault: (id: string | null, why: unknown) => void;
	/** Whose a thing is could not be written down, or not be forgotten (owner null). Must not throw. */
	readonly onOwnerFault: (
		object: OwnedObject,
		owner: string | null,
		why: unknown,
	) => void;
	/** A call was served by a model that the catalog does not know; must not throw. */
	readonly onUnknownModel: (model: string, entry: Entry) => void;
}

export interface Gateway extends GatewayOptions {
	readonly flights: Flights;
	readonly guesses: Guesses;
	readonly counting: Counting;
	readonly batchHolds: BatchHolds;
	readonly keyHeaders: KeyHeaders;
	/** Of the everyday calls. */
	readonly messagesUrl: string;
	readonly sessionQueue: SessionQueue;
	readonly room: BytesInFlight;
	/** For the runtime's own timer, which counts in whole seconds up to 255; 0 = no limit. */
	readonly slowBodySeconds: number;
}

const maxTimerSeconds = 255;

export const openGateway = (options: GatewayOptions): Gateway => ({
	...options,
	flights: openFlights(options.clock, options.waitLimits),
	guesses: openGuesses({ ...options.guessing, clock: options.clock }),
	counting: openCounting(options.clock),
	batchHolds: new Map(),
	keyHeaders: new WeakMap(),
	messagesUrl: options.upstreamUrl + messagesPath,
	sessionQueue: openSessionQueue(),
	room: openBytesInFlight(options.inFlightBytes),
	slowBodySeconds: Math.min(
		Math.ceil(options.waitLimits["client-body"] / 1000),
		maxTimerSeconds,
	),
});

/**
 * One call, from its arrival to its reply. Never throws: what goes wrong becomes an answer.
 *
 * What a small call waits for stands here: one async function more around each wait costs it 1.8 µs (Bun 1.4.5).
 */
export async function runCall(
	request: Request,
	arrival: Arrival,
	gateway: Gateway,
): Promise<Response> {
	const route = toRoute(arrival.target.path);
	const call = openCall(request, arrival, gateway, route);
	try {
		const grant = authenticate(arrival.headers, route, {
			authority: gateway.authority,
			nowMs: call.startedAtMs,
			method: request.method,
		});
		call.grant = grant;
		if (grant.refusal !== null) throw grant.refusal;
		if (route.family.access === "owned") await requireOwnPath(call, gateway);
		const body = beginOnePiece(call, gateway)
			? toOnePiece(await request.arrayBuffer(), call, gateway)
			: await readRequest(call, gateway);
		requireModels(call, gateway);
		if (namesOthers(call)) await requireOwnNames(call, gateway);
		const held = admit(call, body, gateway);
		if (held !== undefined) await held;
		const reply = await forward(call, grant, body, gateway);
		noteReply(call, reply, gateway);
		if (call.own !== null) {
			return await answerOwn(reply, call.own, call, gateway);
		}
		return isReadWhole(reply, call)
			? answerWhole(await reply.bytes(), reply, call, gateway)
			: await relayReply(reply, call, gateway);
	} catch (error) {
		return refuse(error, call, gateway);
	}
}
