import type { Clock } from "../platform/contract.ts";
import { openBodyTap } from "./body-tap.ts";
import type { Ending, Exchange } from "./record.ts";

/** The same exchange, as the simulator itself writes it. */
export interface OpenExchange extends Exchange {
	receivedBody(bytes: Uint8Array): void;
	receivedAll(): void;
	sentHead(status: number, rawHeaders: readonly string[]): void;
	sentBody(bytes: Uint8Array): void;
	/** Only the first ending counts. */
	ended(how: Ending): void;
}

interface ExchangeParts {
	id: number;
	clock: Clock;
	maxBodyBytes: number;
	line: { method: string; target: string; rawHeaders: readonly string[] };
	/** Something was received or sent; so many more bytes of it are kept. */
	changed(keptBytes: number): void;
	closed(): void;
}

type Writable<Part> = { -readonly [Member in keyof Part]: Part[Member] };

export function openExchange(parts: ExchangeParts): OpenExchange {
	const { id, clock, line, maxBodyBytes, changed } = parts;
	const inBody = openBodyTap(maxBodyBytes);
	const outBody = openBodyTap(maxBodyBytes);
	const received: Writable<Exchange["received"]> = {
		...line,
		body: inBody,
		atMs: clock.monotonic(),
		completeAtMs: null,
	};
	const sent: Writable<Exchange["sent"]> = {
		status: null,
		rawHeaders: [],
		body: outBody,
		headAtMs: null,
		lastByteAtMs: null,
	};
	const exchange: Writable<OpenExchange> = {
		id,
		received,
		sent,
		end: null,
		receivedBody: (bytes) => changed(inBody.push(bytes)),
		receivedAll() {
			inBody.finish();
			received.completeAtMs = clock.monotonic();
			changed(0);
		},
		sentHead(status, rawHeaders) {
			const headAtMs = clock.monotonic();
			Object.assign(sent, { status, rawHeaders, headAtMs });
			changed(0);
		},
		sentBody(bytes) {
			sent.lastByteAtMs = clock.monotonic();
			changed(outBody.push(bytes));
		},
		ended(how) {
			if (exchange.end !== null) return;
			outBody.finish();
			exchange.end = { how, atMs: clock.monotonic() };
			parts.closed();
			changed(0);
		},
	};
	return exchange;
}
