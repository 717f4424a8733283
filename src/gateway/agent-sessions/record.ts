/**
 * What a session of managed agents has cost, on the ledger: an Entry for each increase over the highest that was seen. The
 * Entries of a session are numbered, and an id is unique there: of several processes that see the same increase one records
 * it. Each says what all up to it come to; so whoever is stopped between an Entry and the session's row loses nothing.
 */
import type { Entry } from "../../domain/entry.ts";
import { noHoldAmount } from "../../domain/hold-amount.ts";
import { type Nanos, toNanos } from "../../domain/nanos.ts";
import type { AgentSession } from "../../store/agent-sessions.ts";
import { StoreError } from "../../store/engine.ts";
import { takeOfBudgets } from "../batches/hold.ts";
import { emptyEntry, toSumModel } from "../entry.ts";
import { fromHoldDetail, toHoldDetail } from "../orphan.ts";
import type { Gateway } from "../pipeline.ts";
import { type SeenCost, sessionsPath } from "./find-costs.ts";

/** Each time somebody else was quicker; so many at once there never are. */
const maxTries = 100;

/** Instead of a price. */
const listCost = "list_cost";

/** Rejects with StoreError: then it is told by whoever looks at the session next. */
export async function recordCost(
	{ id, nanos, isPast }: SeenCost,
	gateway: Gateway,
): Promise<void> {
	for (let tries = 0; tries < maxTries; tries++) {
		const session = await find(id, gateway);
		if (nanos < session.seen && !isPast) {
			gateway.onSessionFault(
				id,
				`its cost fell from ${session.seen} to ${nanos} nano-dollars; what is recorded stays`,
			);
		}
		if (nanos <= session.seen) return;
		// What this process has recorded itself may not be in the database yet.
		await gateway.ledger.flush();
		const entry = toEntry(session, nanos, gateway.clock.now());
		const there = await gateway.agentSessions.findEntry(entry.id);
		if (there !== null) {
			await gateway.agentSessions.advance(session, toTotal(there));
			continue;
		}
		if (!(await settle(entry, gateway))) continue;
		await gateway.ledger.flush();
		await gateway.agentSessions.advance(session, nanos);
		return;
	}
	throw new Error(`others recorded ${maxTries} Entries of it meanwhile`);
}

/** One that nobody here saw made is nobody's: it was made elsewhere, or before. */
async function find(id: string, gateway: Gateway): Promise<AgentSession> {
	const known = await gateway.agentSessions.find(id);
	if (known !== null) return known;
	const opening = {
		...emptyEntry,
		family: "background",
		method: "GET",
		path: `${sessionsPath}/${id}`,
	} as const;
	const createdMs = gateway.clock.now();
	const detail = toHoldDetail(opening, noHoldAmount);
	await gateway.agentSessions.add({ id, callId: null, createdMs, detail });
	const added = await gateway.agentSessions.find(id);
	if (added === null) throw new Error("it was written down and is not there");
	return added;
}

/** Its time is that of the look: when it was spent since the last one nobody says. */
function toEntry(session: AgentSession, nanos: Nanos, nowMs: number): Entry {
	const { opening } = fromHoldDetail(session.detail);
	return {
		...emptyEntry,
		...opening,
		id: `${session.id}_list_cost_${session.entries + 1}`,
		kind: "session",
		startedMs: nowMs,
		status: 200,
		cost: toNanos(nanos - session.seen),
		price: listCost,
		metadata: JSON.stringify({
			...JSON.parse(opening.metadata ?? "{}"),
			agent_session_id: session.id,
			...(session.callId !== null && { agent_session_call_id: session.callId }),
			list_cost_nanos: String(nanos),
		}),
	};
}

const toTotal = ({ metadata }: Entry): Nanos =>
	toNanos(BigInt(JSON.parse(metadata ?? "{}").list_cost_nanos));

/** False: another process was quicker. It is taken of budgets before, so that none reads it from the ledger and counts it again. */
async function settle(entry: Entry, gateway: Gateway): Promise<boolean> {
	const { reservation } = await takeOfBudgets(
		{
			stake: `session:${entry.id}`,
			opening: entry,
			models: [],
			nanos: entry.cost ?? toNanos(0n),
			startedMs: entry.startedMs,
			again: true,
			outlives: false,
		},
		gateway,
	);
	try {
		await gateway.ledger.settle(entry, toSumModel(entry, gateway.catalog()));
	} catch (error) {
		reservation?.end({ nanos: 0n, tokens: 0 });
		const isThere = error instanceof StoreError && error.fault === "conflict";
		if (isThere) return false;
		throw error;
	}
	gateway.totals.add(entry);
	const nanos = entry.payer === "operator" ? (entry.cost ?? 0n) : 0n;
	reservation?.end({ nanos, tokens: 0 });
	return true;
}
