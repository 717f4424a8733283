/** What must be in the database before its caller hears of it. */
import { StoreError } from "../store/engine.ts";
import { settleWithinMs } from "../store/ledger.ts";
import type { Gateway } from "./pipeline.ts";

const retryMs = 50;

/** Tries again for five seconds; then rejects with the last StoreError, or at once with any other error. */
export async function persist(
	write: () => Promise<void>,
	{ clock }: Pick<Gateway, "clock">,
): Promise<void> {
	const deadlineMs = clock.monotonic() + settleWithinMs;
	for (;;) {
		try {
			await write();
			return;
		} catch (error) {
			const isOver = clock.monotonic() >= deadlineMs;
			if (isOver || !(error instanceof StoreError)) throw error;
			await new Promise((resolve) => setTimeout(resolve, retryMs));
		}
	}
}
