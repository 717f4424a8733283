import type { Clock } from "../platform/contract.ts";
import type { RecordedBody } from "./body-tap.ts";
import { type OpenExchange, openExchange } from "./exchange.ts";
import { openWaiters } from "./waiters.ts";

export interface RecordLimits {
	/** Newest exchanges kept. */
	maxExchanges: number;
	/** First bytes kept of each body; length and SHA-256 always cover all of it. */
	maxBodyBytes: number;
	/** Bytes kept of all bodies together; the oldest exchanges go first. */
	maxTotalBytes: number;
}

export const defaultRecordLimits: RecordLimits = {
	maxExchanges: 10_000,
	maxBodyBytes: 1_000_000,
	maxTotalBytes: 64_000_000,
};

export type Ending = "finished" | "client-gone" | "aborted-by-script";

/** One request and what became of it. All times are the clock's monotonic milliseconds. */
export interface Exchange {
	readonly id: number;
	readonly received: {
		readonly method: string;
		/** Path and query exactly as on the request line. */
		readonly target: string;
		/** Names and values in turn, as received: order, case and repetitions kept. */
		readonly rawHeaders: readonly string[];
		readonly body: RecordedBody;
		readonly atMs: number;
		/** When the last byte of the body arrived; null if it never did. */
		readonly completeAtMs: number | null;
	};
	readonly sent: {
		readonly status: number | null;
		readonly rawHeaders: readonly string[];
		readonly body: RecordedBody;
		readonly headAtMs: number | null;
		readonly lastByteAtMs: number | null;
	};
	readonly end: { readonly how: Ending; readonly atMs: number } | null;
}

export interface SimulatorRecord {
	/** Oldest first. */
	all(): readonly Exchange[];
	/** Requests whose reply has not ended. */
	open(): number;
	clear(): void;
	/** The first exchange, past or future, that satisfies the predicate; rejects after `timeoutMs` (5 s). */
	waitFor(
		predicate: (exchange: Exchange) => boolean,
		timeoutMs?: number,
	): Promise<Exchange>;
	/** Resolves once the condition holds; it is asked again at everything received or sent. */
	waitUntil(condition: () => boolean, timeoutMs?: number): Promise<void>;
}

export interface Recorder extends SimulatorRecord {
	begin(
		method: string,
		target: string,
		rawHeaders: readonly string[],
	): OpenExchange;
}

/** Keeps what was received and sent, bounded by `limits`. */
export function openRecorder(clock: Clock, limits: RecordLimits): Recorder {
	const shelf = openExchangeShelf(limits);
	let nextId = 1;
	let open = 0;
	const waiters = openWaiters<Exchange>(
		() => `${open} open; last: ${toSummary(shelf.all().at(-1))}`,
	);
	return {
		all: shelf.all,
		open: () => open,
		clear: shelf.clear,
		async waitFor(predicate, timeoutMs) {
			return shelf.all().find(predicate) ?? waiters.wait(predicate, timeoutMs);
		},
		async waitUntil(condition, timeoutMs) {
			if (!condition()) await waiters.wait(condition, timeoutMs);
		},
		begin(method, target, rawHeaders) {
			open++;
			const exchange = openExchange({
				id: nextId++,
				clock,
				maxBodyBytes: limits.maxBodyBytes,
				line: { method, target, rawHeaders },
				changed(keptBytes) {
					if (keptBytes > 0) shelf.hold(exchange, keptBytes);
					waiters.tell(exchange);
				},
				closed: () => open--,
			});
			shelf.add(exchange);
			waiters.tell(exchange);
			return exchange;
		},
	};
}

interface ExchangeShelf {
	all(): readonly Exchange[];
	clear(): void;
	add(exchange: Exchange): void;
	/** So many more bytes of this exchange are kept. */
	hold(exchange: Exchange, bytes: number): void;
}

function openExchangeShelf(limits: RecordLimits): ExchangeShelf {
	let exchanges: Exchange[] = [];
	let heldBytes = 0;

	function dropOldest(): void {
		const oldest = exchanges.shift();
		if (oldest === undefined) return;
		const { received, sent } = oldest;
		heldBytes -= received.body.bytes.length + sent.body.bytes.length;
	}

	return {
		all: () => exchanges,
		clear() {
			exchanges = [];
			heldBytes = 0;
		},
		add(exchange) {
			exchanges.push(exchange);
			if (exchanges.length > limits.maxExchanges) dropOldest();
		},
		hold({ id }, bytes) {
			// One that has been dropped or cleared is still sent, but no longer kept.
			if (id < (exchanges[0]?.id ?? Number.POSITIVE_INFINITY)) return;
			heldBytes += bytes;
			while (heldBytes > limits.maxTotalBytes && exchanges.length > 1) {
				dropOldest();
			}
		},
	};
}

function toSummary(exchange: Exchange | undefined): string {
	if (exchange === undefined) return "no request";
	const { id, received, sent, end } = exchange;
	return `#${id} ${received.method} ${received.target} → ${sent.status ?? "no reply"}, ${sent.body.lengthBytes} bytes, ${end?.how ?? "open"}`;
}
