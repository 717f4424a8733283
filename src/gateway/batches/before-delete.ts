/** Nobody deletes a batch before Tollway has read what it came to. */
import { GatewayError } from "../../domain/error.ts";
import type { OpenCall } from "../open-call.ts";
import type { Gateway } from "../pipeline.ts";
import { batchesPath } from "./register.ts";

/** For so long a caller waits for it. */
const patienceMs = 20_000;
const lookEveryMs = 50;

/** The batch that the call deletes; null: none. */
export function toDeleted({ request, route }: OpenCall): string | null {
	const { upstreamPath } = route;
	if (request.method !== "DELETE") return null;
	if (!upstreamPath.startsWith(`${batchesPath}/`)) return null;
	return upstreamPath.slice(batchesPath.length + 1);
}

/**
 * Resolves when the batch is on the ledger, or when upstream still works on it, and will not delete it then; at once for
 * one that Tollway does not know. Rejects with GatewayError `busy` after twenty seconds, or with StoreError.
 */
export async function settleBeforeDelete(
	id: string,
	{ batches, clock }: Gateway,
): Promise<void> {
	const before = await batches.find(id);
	if (before === null) return;
	await batches.hasten(id, clock.now());
	const deadlineMs = clock.monotonic() + patienceMs;
	for (;;) {
		const batch = await batches.find(id);
		const isOver = batch?.state === "settled" || batch?.state === "gone";
		if (isOver || batch?.tries !== before.tries) return;
		if (clock.monotonic() >= deadlineMs) throw notYet(id);
		await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
	}
}

const notYet = (id: string) =>
	new GatewayError(
		"busy",
		`Tollway has not read yet what ${id} came to, and deletes no batch before. Try again in a moment.`,
	);
