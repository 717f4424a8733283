/**
 * Looks after batches until what they came to is on the ledger, whether or not anybody ever fetches their results. All
 * that it knows stands in the database: any process can go on where another was stopped.
 */
import type {
	Batch,
	BatchChange,
	BatchState,
	Lease,
} from "../../store/batches.ts";
import type { Gateway } from "../pipeline.ts";
import { askStatus, BatchMissing } from "./ask-upstream.ts";
import { readResults } from "./read-results.ts";
import { settleBatch } from "./settle-batch.ts";

/**
 * How long others leave a batch alone when its process is gone. It is renewed while the process works on it; one that is
 * too slow for that loses nothing, for nothing counts twice.
 */
const leaseMs = 9_000;
const renewEveryMs = 3_000;
/** Batches that one process looks at at a time. */
const maxAtOnce = 4;
/** Upstream may be silent for so long. */
const patienceMs = 30_000;
/** Upstream keeps results for 29 days. After twice that nothing is expected of it any more. */
const keptMs = 30 * 86_400_000;
/** So often in a row upstream must not know it: the credential may have been another one for a moment. */
const maxMissing = 6;
/** The wait between two looks grows by half each time, up to sixty times the first (5 s: 5 minutes). */
const growth = 1.5;
const maxGrowth = 60;

export interface BatchPoller {
	/** What is under way is given up, and continued by whoever comes next. */
	close(): Promise<void>;
}

interface State {
	readonly gateway: Gateway;
	readonly controller: AbortController;
}

export function openBatchPoller(gateway: Gateway): BatchPoller {
	const s: State = { gateway, controller: new AbortController() };
	const running = run(s);
	return {
		close: () => {
			s.controller.abort();
			return running;
		},
	};
}

async function run(s: State): Promise<void> {
	const { gateway, controller } = s;
	while (!controller.signal.aborted) {
		const waitMs = await lookAtDue(s).catch((error) => {
			gateway.onBatchFault(null, error);
			return Math.min(gateway.batchPollMs, maxWaitMs);
		});
		await pause(waitMs, controller.signal);
	}
}

/** Resolves with the time to wait for the next. Rejects with StoreError. */
async function lookAtDue(s: State): Promise<number> {
	const { batches, batchPollMs, clock } = s.gateway;
	const toLease = openLease(s.gateway);
	const claimed = await batches.claim(toLease(), maxAtOnce);
	await Promise.all(claimed.map((batch) => look(s, batch, toLease)));
	const dueMs = await batches.nextDueMs();
	// A new one is never due sooner, but somebody may wait for one.
	const restMs = Math.min(batchPollMs, maxWaitMs);
	if (dueMs === null) return restMs;
	return Math.min(restMs, Math.max(minWaitMs, dueMs - clock.now()));
}

const maxWaitMs = 5_000;

/** One that somebody else has is due all the time. */
const minWaitMs = 10;

function openLease({ clock, newId }: Gateway): () => Lease {
	const by = newId();
	return () => {
		const nowMs = clock.now();
		return { by, nowMs, untilMs: nowMs + leaseMs };
	};
}

/** Rejects with StoreError, when it could not be given back: its lease ends by itself. */
async function look(
	s: State,
	batch: Batch,
	toLease: () => Lease,
): Promise<void> {
	const { gateway, controller } = s;
	let change: BatchChange;
	const renewal = setInterval(() => {
		const renewing = gateway.batches.renew(batch.id, toLease());
		renewing.catch((error) => gateway.onBatchFault(batch.id, error));
	}, renewEveryMs);
	try {
		const state = await step(s, batch);
		change = toChange(batch, state, gateway);
	} catch (error) {
		const isEnding = controller.signal.aborted;
		if (!isEnding) gateway.onBatchFault(batch.id, error);
		change = isEnding
			? { ...batch, dueMs: gateway.clock.now() }
			: toChange(batch, batch.state, gateway);
	} finally {
		clearInterval(renewal);
	}
	await gateway.batches.change(batch.id, toLease().by, change);
}

/** What has become of it. Rejects when that could not be found out. */
async function step(
	{ gateway, controller }: State,
	batch: Batch,
): Promise<BatchState> {
	const endedMs = gateway.clock.now();
	const patience = openPatience(controller.signal);
	try {
		const { signal, renew: onProgress } = patience;
		const { ended, succeeded, counts } = await askStatus(
			batch.id,
			gateway,
			signal,
		);
		if (!ended) return "open";
		if (succeeded > 0) {
			await readResults(batch, gateway, { signal, onProgress });
			const items = await gateway.batches.countItems(batch.id);
			if (items < succeeded) {
				throw new Error(`its results have ${items} of ${succeeded} requests`);
			}
		}
		await settleBatch(batch, gateway, { endedMs, counts, gone: false });
		return "settled";
	} catch (error) {
		const isMissing = error instanceof BatchMissing;
		const ageMs = endedMs - batch.createdMs;
		const misses = batch.state === "missing" ? batch.tries + 1 : 0;
		if (isMissing && misses < maxMissing && ageMs <= keptMs) return "missing";
		if (!isMissing && ageMs <= 2 * keptMs) throw error;
		await settleBatch(batch, gateway, { endedMs, counts: null, gone: true });
		gateway.onBatchFault(batch.id, "upstream does not know it any more");
		return "gone";
	} finally {
		patience.end();
	}
}

function toChange(
	batch: Batch,
	state: BatchState,
	{ batchPollMs, clock, newId }: Gateway,
): BatchChange {
	const tries = state === batch.state ? batch.tries + 1 : 0;
	const isOver = state === "settled" || state === "gone";
	if (isOver) return { state, dueMs: null, tries };
	const waitMs = batchPollMs * Math.min(growth ** tries, maxGrowth);
	return {
		state,
		dueMs: clock.now() + Math.ceil(waitMs * toJitter(newId())),
		tries,
	};
}

const randomDigits = 4;

/** 0.8 to 1.2: the end of an id is random. */
const toJitter = (id: string): number =>
	0.8 + (0.4 * Number.parseInt(id.slice(-randomDigits), 16)) / 0xffff;

/** A signal that fires when nothing has been heard for too long, or when all ends. */
function openPatience(ending: AbortSignal) {
	const controller = new AbortController();
	const give = () => controller.abort(new Error("upstream does not answer"));
	const end = () => controller.abort(ending.reason);
	ending.addEventListener("abort", end);
	let timer = setTimeout(give, patienceMs);
	return {
		signal: controller.signal,
		renew: () => {
			clearTimeout(timer);
			timer = setTimeout(give, patienceMs);
		},
		end: () => {
			clearTimeout(timer);
			ending.removeEventListener("abort", end);
		},
	};
}

/** Resolves sooner when all ends. */
const pause = (ms: number, signal: AbortSignal) =>
	new Promise<void>((resolve) => {
		if (signal.aborted) return resolve();
		const end = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal.addEventListener("abort", end);
	});
