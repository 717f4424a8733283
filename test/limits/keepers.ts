/** Whoever keeps counts, as tests ask him: this process alone, or three that share a database and take turns. */
import type { Limit, Measure, Span } from "../../src/domain/limit.ts";
import type { OpenSharedCounts } from "../../src/domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../../src/domain/subject.ts";
import { allowsModel } from "../../src/domain/virtual-key.ts";
import type {
	Asking,
	Counter,
	OnSpent,
	ReadSpent,
} from "../../src/limits/counter.ts";
import { openMemoryCounter } from "../../src/limits/memory.ts";
import { openPostgresCounter } from "../../src/limits/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openTestStore, toAddress } from "../store/postgres-stores.ts";

/** Starts as a minute, an hour's last, and a month's. */
export const startMs = Date.parse("2026-11-30T23:59:00Z");

export interface Kept {
	readonly counter: Counter;
	/** Of every budget to which something came: its ceiling, what was spent before, and what came to it. */
	readonly told: readonly (readonly [bigint, bigint, bigint])[];
	/** The clock of windows and rates; begins at `startMs`. */
	pass(ms: number): void;
	nowMs(): number;
	/** Resolves when what has ended is counted. */
	rest(): Promise<void>;
}

export interface Keeper {
	/** A database is made once for all that it opens. */
	open(readSpent?: ReadSpent): Kept;
	stop(): Promise<void>;
}

const nothingSpent: ReadSpent = async () => 0n;

const openClock = () => {
	let nowMs = startMs;
	return {
		nowMs: () => nowMs,
		pass: (ms: number) => {
			nowMs += ms;
		},
	};
};

const openTold = () => {
	const told: [bigint, bigint, bigint][] = [];
	const onSpent: OnSpent = ({ ceiling }, before, more) =>
		void told.push([ceiling, before, more]);
	return { told, onSpent };
};

/** What an operator says is in the directory before the counter hears of it. */
const openSaid = (nowMs: () => number, readSpent: ReadSpent) => {
	const said = new Map<string, { nanos: bigint; atMs: number }>();
	const find = (subject: Subject) => said.get(toSubjectName(subject));
	const read: ReadSpent = async (limit, sinceMs, untilMs = Infinity) => {
		const last = find(limit.subject);
		if (last === undefined || last.atMs < sinceMs || last.atMs >= untilMs) {
			return readSpent(limit, sinceMs, untilMs);
		}
		const before = limit.model === null ? last.nanos : 0n;
		return before + (await readSpent(limit, last.atMs, untilMs));
	};
	return {
		readSpent: read,
		findReset: (subject: Subject) => find(subject)?.atMs ?? null,
		wrap: (counter: Counter): Counter => ({
			...counter,
			restate: (subject, nanos) => {
				said.set(toSubjectName(subject), { nanos, atMs: nowMs() });
				return counter.restate(subject, nanos);
			},
		}),
	};
};

const unpriced = /^claude-unheard/;

/** As a price list has it: what it does not know is summed as `other`, and counts for all that can be about it. */
export const plainModels = {
	toSumModel: (model: string) => (unpriced.test(model) ? "other" : model),
	isFor: (pattern: string, model: string) =>
		allowsModel([pattern], model) ||
		(model === "other" && unpriced.test(pattern)),
};

const memory = async (): Promise<Keeper> => ({
	open: (read = nothingSpent) => {
		const clock = openClock();
		const { nowMs } = clock;
		const { told, onSpent } = openTold();
		const { wrap, ...said } = openSaid(nowMs, read);
		const counter = openMemoryCounter({
			...said,
			...plainModels,
			clock: { now: nowMs, monotonic: nowMs },
			horizonMs: Number.POSITIVE_INFINITY,
			onSpent,
		});
		const rest = async () => {};
		return { ...clock, counter: wrap(counter), told, rest };
	},
	stop: async () => {},
});

let databases = 0;

export async function openDatabase() {
	const server = await sharePostgres();
	databases += 1;
	const name = `limits_${process.pid}_${databases}`;
	await server.createDatabase(name);
	return toAddress(server, name);
}

/** What a store shares, with the test's clock as the database's; `rests` gets what waits until it is idle. */
export const withClock =
	(
		{ openCounts }: Store,
		nowMs: () => number,
		rests: (() => Promise<void>)[],
	): OpenSharedCounts =>
	(options) => {
		if (openCounts === null) throw new Error("this store shares nothing");
		const counts = openCounts(options);
		rests.push(counts.idle);
		return {
			...counts,
			run: (task) =>
				counts.run({
					...task,
					run: (view) => task.run({ ...view, nowMs: nowMs() }),
				}),
		};
	};

export const toFailure = (error: unknown): never => {
	throw error;
};

const processes = 3;

async function postgres(): Promise<Keeper> {
	const address = await openDatabase();
	const stores = await Promise.all(
		Array.from({ length: processes }, () => openTestStore(address)),
	);
	const open = (read = nothingSpent) => {
		const clock = openClock();
		const { nowMs } = clock;
		const rests: (() => Promise<void>)[] = [];
		const { told, onSpent } = openTold();
		const { wrap, ...said } = openSaid(nowMs, read);
		const counters = stores.map((store) =>
			openPostgresCounter({
				...said,
				models: plainModels,
				horizonMs: Number.POSITIVE_INFINITY,
				openCounts: withClock(store, nowMs, rests),
				clock: { now: nowMs, monotonic: () => performance.now() },
				onSpent,
				onFault: toFailure,
			}),
		);
		const rest = async () => {
			for (const one of rests) await one();
		};
		return { ...clock, counter: wrap(takeTurns(counters)), told, rest };
	};
	return {
		open,
		stop: async () => {
			for (const store of stores) await store.close();
		},
	};
}

function takeTurns(counters: readonly Counter[]): Counter {
	let turn = 0;
	const last = () => counters[turn % counters.length] as Counter;
	const next = () => {
		turn += 1;
		return last();
	};
	return {
		reserve: (asking) => next().reserve(asking),
		restate: (subject, spent) => next().restate(subject, spent),
		recount: (subjects) => next().recount(subjects),
		forget: (subject) => next().forget(subject),
		fullest: (limits) => last().fullest(limits),
		close: async () => {
			for (const one of counters) await one.close();
		},
	};
}

/** A keeper that this machine cannot run is said and counted. */
export const keepers = [
	{ name: "in memory", can: true, runs: 500, open: memory },
	{
		name: "in PostgreSQL, three processes",
		can: needs.postgres() !== null,
		runs: 60,
		open: postgres,
	},
] as const;

let subjects = 0;

/** That nobody has counted. */
export const newSubject = (): Subject => {
	subjects += 1;
	return { kind: "key", id: `key ${subjects}` };
};

export const toLimit = (
	subject: Subject,
	measure: Measure,
	span: Span,
	ceiling: bigint,
): Limit => ({ subject, measure, span, ceiling, model: null });

export const every = (text: "1d" | "30s"): Span => ({
	kind: "scheduled",
	schedule: {
		duration:
			text === "1d" ? { count: 1, unit: "d" } : { count: 30, unit: "s" },
		timeZone: "UTC",
		resetMinute: 0,
		anchorMs: startMs,
	},
});

export const minute: Span = { kind: "sliding", windowMs: 60_000 };
export const unending: Span = { kind: "unending" };

let calls = 0;

export const toId = (): string => {
	calls += 1;
	return `call ${calls}`;
};

export const ask = async (
	counter: Counter,
	limits: readonly Limit[],
	wanted: Partial<Asking["wanted"]>,
	asking: Partial<Asking> = {},
) =>
	counter.reserve({
		id: toId(),
		subjects: limits.map(({ subject }) => subject),
		limits,
		models: ["claude-sonnet-5-5"],
		wanted: { nanos: 0n, tokens: 0, ...wanted },
		...asking,
	});
