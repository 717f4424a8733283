/**
 * Unknown keys: whoever sends many of them is told to wait, and the log hears of it once a minute, not once per try.
 *
 * Only failures come here. A call whose key is known costs nothing and is let through from any address: one broken
 * script must not lock out the office around it. Keys have 256 random bits; what this saves is work and logs.
 */
import { isIPv6 } from "node:net";
import { GatewayError } from "../domain/error.ts";
import type { Clock } from "../platform/contract.ts";

export interface GuessesOptions {
	readonly clock: Pick<Clock, "monotonic">;
	/** Off: every failure is answered as it is, and nothing is counted. */
	readonly backoff: boolean;
	/** Once a minute in which calls were told to wait; must not throw. */
	readonly onReport: (report: GuessReport) => void;
}

/** Calls with unknown keys that were told to wait. */
export interface GuessReport {
	/** The most insistent first. */
	readonly addresses: readonly {
		readonly address: string;
		readonly calls: number;
	}[];
	/** Calls from all other addresses. */
	readonly otherCalls: number;
}

export interface Guesses {
	/** What a call that failed is answered: `invalid_key` may become `guessing`, all else stays what it is. */
	judge(error: unknown, address: string | null): unknown;
	/** Reports what is counted so far. */
	close(): void;
}

const minuteMs = 60_000;
const minuteSeconds = 60;
/** Unknown keys of one address, and of all together, that are answered in a minute as if each were a mistake. */
export const maxPerAddress = 20;
export const maxOfAll = 600;
/** Addresses that are remembered. Of more, those go that were quiet for longest: all together are still counted. */
const maxAddresses = 10_000;
/** Addresses that one report names. */
const maxNamed = 20;

/** It fills with each failure and drains within a minute. */
interface Bucket {
	level: number;
	atMs: number;
}

interface Source extends Bucket {
	/** Calls that were told to wait and are in no report yet. */
	calls: number;
}

interface State {
	readonly options: GuessesOptions;
	/** The one that failed last is the last. */
	readonly sources: Map<string, Source>;
	readonly all: Bucket;
	/** Of addresses that are no longer remembered. */
	otherCalls: number;
	timer: ReturnType<typeof setTimeout> | null;
}

export function openGuesses(options: GuessesOptions): Guesses {
	const s: State = {
		options,
		sources: new Map(),
		all: { level: 0, atMs: 0 },
		otherCalls: 0,
		timer: null,
	};
	return {
		judge: (error, address) => {
			const isGuess =
				error instanceof GatewayError && error.code === "invalid_key";
			if (!isGuess || !options.backoff) return error;
			const waitMs = note(s, toNetwork(address));
			return waitMs === 0 ? error : toBackoff(error, waitMs);
		},
		close: () => report(s),
	};
}

const toBackoff = ({ message }: GatewayError, waitMs: number): GatewayError => {
	const retryAfter = Math.min(Math.ceil(waitMs / 1000), minuteSeconds);
	return new GatewayError(
		"guessing",
		`${message} Too many calls with unknown keys have come lately, so such calls must wait ${retryAfter} s. Calls with a valid key go on as ever.`,
		{ answer: { retryAfter } },
	);
};

/** Counts one more failure. Returns how long to wait; 0: it may be a mistake. */
function note(s: State, address: string): number {
	const nowMs = s.options.clock.monotonic();
	const source = toSource(s, address, nowMs);
	// What an address is refused for by itself says nothing about the others.
	const waitMs =
		fill(source, maxPerAddress, nowMs) || fill(s.all, maxOfAll, nowMs);
	if (waitMs === 0) return 0;
	source.calls += 1;
	s.timer ??= setTimeout(report, minuteMs, s);
	return waitMs;
}

function toSource(s: State, address: string, nowMs: number): Source {
	const known = s.sources.get(address);
	const source = known ?? { level: 0, atMs: nowMs, calls: 0 };
	s.sources.delete(address);
	s.sources.set(address, source);
	if (s.sources.size > maxAddresses) {
		for (const [oldest, { calls }] of s.sources) {
			s.otherCalls += calls;
			s.sources.delete(oldest);
			break;
		}
	}
	return source;
}

/** Returns how long it takes until there is room for one more; 0: there was. It fills no further than what a minute drains. */
function fill(bucket: Bucket, limit: number, nowMs: number): number {
	const drained = ((nowMs - bucket.atMs) * limit) / minuteMs;
	const level = Math.max(0, bucket.level - drained) + 1;
	bucket.level = Math.min(level, 2 * limit - 1);
	bucket.atMs = nowMs;
	if (bucket.level <= limit) return 0;
	return ((bucket.level + 1 - limit) * minuteMs) / limit;
}

function report(s: State): void {
	if (s.timer === null) return;
	clearTimeout(s.timer);
	s.timer = null;
	const counted = [...s.sources]
		.filter(([, { calls }]) => calls > 0)
		.map(([address, { calls }]) => ({ address, calls }))
		.sort((a, b) => b.calls - a.calls);
	const others = counted.slice(maxNamed);
	const otherCalls = others.reduce((sum, { calls }) => sum + calls, 0);
	s.options.onReport({
		addresses: counted.slice(0, maxNamed),
		otherCalls: s.otherCalls + otherCalls,
	});
	s.otherCalls = 0;
	for (const source of s.sources.values()) source.calls = 0;
}

/** What a proxy says may have a port behind it, or be no address at all. */
const port = /^(\d+\.\d+\.\d+\.\d+):\d+$|^\[(.+)\](?::\d+)?$/;
const mapped = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;
const maxNameLength = 64;
const groups = 8;
const networkGroups = 4;

/** Whose address it is: of IPv6 a whole /64 is one customer's. */
export function toNetwork(address: string | null): string {
	const [, v4, v6] = port.exec(address ?? "unknown") ?? [];
	const plain = (v4 ?? v6 ?? address ?? "unknown").replace(mapped, "");
	if (!isIPv6(plain)) return plain.slice(0, maxNameLength);
	const [head = "", tail] = plain.replace(/%.*$/, "").split("::");
	const first = head === "" ? [] : head.split(":");
	const last = tail ? tail.split(":") : [];
	const gap = Array(Math.max(0, groups - first.length - last.length)).fill("0");
	const network = [...first, ...gap, ...last].slice(0, networkGroups);
	return `${network.map(toShortest).join(":")}::/64`;
}

const toShortest = (group: string) => Number.parseInt(group, 16).toString(16);
