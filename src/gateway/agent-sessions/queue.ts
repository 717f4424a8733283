/** Costs of sessions that were seen and are not on the ledger yet. Nobody waits for them: each is a total, told again and again. */
import type { OpenCall } from "../open-call.ts";
import type { Gateway } from "../pipeline.ts";
import type { SeenCost } from "./find-costs.ts";
import { recordCost } from "./record.ts";

/** Sessions that wait; more than upstream shows on ten pages. */
const maxWaiting = 10_000;

export interface SessionQueue {
	/** By session, the highest. */
	readonly waiting: Map<string, SeenCost>;
	/** One after the other: two of the same session would each find the other's missing. Null: nothing waits. */
	running: Promise<void> | null;
}

export const openSessionQueue = (): SessionQueue => ({
	waiting: new Map(),
	running: null,
});

/** Whoever brings the credential of another account is told of that one's sessions. */
export function noteCosts(
	costs: readonly SeenCost[],
	{ grant }: Pick<OpenCall, "grant">,
	gateway: Gateway,
): void {
	if (grant?.payer !== "operator") return;
	const { waiting } = gateway.sessionQueue;
	for (const cost of costs) {
		const { id, nanos } = cost;
		const other = waiting.get(id);
		if (other !== undefined && other.nanos >= nanos) continue;
		if (other === undefined && waiting.size >= maxWaiting) {
			gateway.onSessionFault(id, "too many sessions wait for the database");
			continue;
		}
		waiting.set(id, cost);
	}
	if (waiting.size > 0) gateway.sessionQueue.running ??= run(gateway);
}

async function run(gateway: Gateway): Promise<void> {
	const { sessionQueue: queue } = gateway;
	for (const [id, cost] of queue.waiting) {
		queue.waiting.delete(id);
		try {
			await recordCost(cost, gateway);
		} catch (error) {
			gateway.onSessionFault(id, error);
		}
	}
	queue.running = null;
}

/** Resolves when all that was seen has been dealt with. */
export async function drainSessions({ sessionQueue }: Gateway): Promise<void> {
	while (sessionQueue.running !== null) await sessionQueue.running;
}
