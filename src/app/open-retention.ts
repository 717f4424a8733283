/** The oldest Entries go, if the settings say so: by their age, or by the room that all take. */
import { getLogger } from "@logtape/logtape";
import type { Config } from "../cli/config.ts";
import type { Directory } from "../domain/directory.ts";
import { findNeededMs } from "../limits/needed.ts";
import type { Clock } from "../platform/contract.ts";
import { type Trimmed, trim } from "../store/retention.ts";
import type { Store } from "../store/store.ts";

export interface RetentionApp {
	readonly store: Store;
	readonly directory: Directory;
	readonly clock: Clock;
	readonly newId: () => string;
}

export interface Retention {
	/** After the slice that is on its way. */
	close(): Promise<void>;
}

const dayMs = 86_400_000;
/** Reports look into the ledger for hours of the last 31 days in which a day begins somewhere. */
export const leastDays = 32;
/** Exporters may be away for so long beyond. */
const graceMs = 7 * dayMs;
/** Between two slices of a few milliseconds. */
const pauseMs = 100;

/** Null: everything is kept. */
export function openRetention(
	{ retention, limiting }: Pick<Config, "retention" | "limiting">,
	{ store, directory, clock, newId }: RetentionApp,
): Retention | null {
	const { days, bytes, everyMs } = retention;
	if (days === null && bytes === null) return null;
	const controller = new AbortController();
	const run = () =>
		trim({
			...{ engine: store.engine, queries: store.queries, clock, newId },
			maxAgeMs: days === null ? null : days * dayMs,
			maxBytes: bytes,
			neededSinceMs: async () =>
				Math.min(
					clock.now() - leastDays * dayMs,
					await findNeededMs({ ...limiting, directory, clock }),
				),
			...{ graceMs, pauseMs, signal: controller.signal },
		}).then(tell, tellFault);
	let running = Promise.resolve();
	let timer: ReturnType<typeof setTimeout>;
	const wait = () => {
		if (controller.signal.aborted) return;
		timer = setTimeout(() => {
			running = run().finally(wait);
		}, everyMs);
	};
	wait();
	return {
		close: async () => {
			controller.abort();
			clearTimeout(timer);
			await running;
		},
	};
}

/** One line for each run that did anything. */
function tell(trimmed: Trimmed | null): void {
	if (trimmed === null) return;
	const log = getLogger(["tollway", "retention"]);
	const { entries, missed, isOverSize } = trimmed;
	if (entries > 0) {
		log.info(
			"{entries} old calls were deleted from the ledger; {missed} of them no exporter had delivered.",
			{ entries, missed },
		);
	}
	if (isOverSize) {
		log.warning(
			"The ledger takes more than TOLLWAY_RETENTION_BYTES, and what is left of it is needed: calls of the last {days} days, of open budgets that begin within an hour, and what exporters wait for.",
			{ days: leastDays },
		);
	}
}

const tellFault = (error: unknown): void =>
	getLogger(["tollway", "retention"]).warning(
		"Old calls could not be deleted; it is tried again: {error}",
		{ error },
	);
