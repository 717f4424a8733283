/**
 * Keys, and all else that operators manage: in memory, where every call finds it, and in the database, where it is kept.
 * A change is in the database before it counts, together with a note of who did what.
 */
import type { Directory } from "../domain/directory.ts";
import type { Budget, Customer, Tag, Team, User } from "../domain/people.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { Clock, SqlValue } from "../platform/contract.ts";
import type { Engine, Statement } from "./engine.ts";
import type { ObjectQueries } from "./object-queries.ts";
import { type OpenShelf, openKeyShelf, openShelf, toKeys } from "./shelf.ts";

export interface DirectoryOptions {
	readonly engine: Engine;
	readonly queries: ObjectQueries;
	readonly clock: Clock;
	/** A UUID, version 7. */
	readonly newId: () => string;
	/** What other processes changed could not be read; must not throw. */
	readonly onFault: (error: unknown) => void;
}

/** Who does what, for the log of changes. */
export interface Act {
	/** As the route: `key/update`. */
	readonly action: string;
	/** The id of a key, or `operator`. */
	readonly actor: string;
}

/** What there is, by kind. */
export interface Items {
	readonly key: VirtualKey;
	readonly user: User;
	readonly team: Team;
	readonly customer: Customer;
	readonly budget: Budget;
	readonly tag: Tag;
}

export type Kind = keyof Items;

/** One thing becomes what `item` says; null: it goes. */
export type Edit = {
	[K in Kind]: {
		readonly kind: K;
		readonly id: string;
		readonly item: Items[K] | null;
	};
}[Kind];

/** What is to be changed, all of it or nothing, and what is to be said of it. */
export interface Plan<Result> {
	readonly edits: readonly Edit[];
	readonly result: Result;
}

export interface OpenDirectory extends Directory {
	/**
	 * Changes are planned one after the other, each in view of what the one before left. Rejects with what the plan throws,
	 * and then nothing is changed; or with StoreError, `conflict` where another process gave the alias or id away.
	 */
	change<Result>(act: Act, plan: () => Plan<Result>): Promise<Result>;
	close(): Promise<void>;
}

/** What another process changed counts here within a second. */
const lookEveryMs = 500;
/** Ids are made of each process's own clock, and commits take their time: so far back changes are looked for again. */
const overlapMs = 30_000;

type Shelves = { readonly [K in Kind]: OpenShelf<Items[K]> };

interface State {
	readonly options: DirectoryOptions;
	readonly shelves: Shelves;
	version: number;
	/** The last change that was asked for. */
	last: Promise<unknown>;
	/** Changes of the overlap that are known. */
	seen: ReadonlySet<string>;
}

/** Reads all there is. Rejects with StoreError. */
export async function openDirectory(
	options: DirectoryOptions,
): Promise<OpenDirectory> {
	const { engine, queries, clock } = options;
	const shelves: Shelves = {
		key: openKeyShelf(),
		user: openShelf(),
		team: openShelf(),
		customer: openShelf(),
		budget: openShelf(),
		tag: openShelf(),
	};
	const s: State = {
		options,
		shelves,
		version: 1,
		last: Promise.resolve(),
		seen: new Set(),
	};
	const rows = await engine.readInOrder(queries.list({}));
	for (const [kind, , doc] of rows) place(s, String(kind), doc);
	// One process has the embedded database to itself.
	const follower = engine.kind === "postgres" ? follow(s) : null;
	return {
		keys: toKeys(shelves.key, clock.now),
		users: shelves.user,
		teams: shelves.team,
		customers: shelves.customer,
		budgets: shelves.budget,
		tags: shelves.tag,
		version: () => s.version,
		change: (act, plan) => {
			const done = s.last.then(async () => {
				const { edits, result } = plan();
				await commit(s, act, edits);
				return result;
			});
			s.last = done.catch(() => {});
			return done;
		},
		close: async () => {
			await follower?.close();
			await s.last;
		},
	};
}

/** Kinds of a later version are left alone. */
const isKind = (shelves: Shelves, kind: string): kind is Kind =>
	Object.hasOwn(shelves, kind);

function place(s: State, kind: string, doc: SqlValue | undefined): void {
	if (!isKind(s.shelves, kind)) return;
	s.shelves[kind].place(JSON.parse(String(doc)));
	s.version += 1;
}

function displace(s: State, kind: string, id: string): void {
	if (!isKind(s.shelves, kind)) return;
	s.shelves[kind].displace(id);
	s.version += 1;
}

async function commit(
	s: State,
	act: Act,
	edits: readonly Edit[],
): Promise<void> {
	if (edits.length === 0) return;
	const written = edits.map(({ kind, id, item }) => ({
		kind,
		id,
		alias: item?.alias ?? null,
		doc: item === null ? null : JSON.stringify(item),
	}));
	await s.options.engine.commit(
		written.flatMap((one) => toStatements(s, act, one)),
		true,
	);
	for (const { kind, id, doc } of written) {
		if (doc === null) displace(s, kind, id);
		else place(s, kind, doc);
	}
}

interface Written {
	readonly kind: Kind;
	readonly id: string;
	readonly alias: string | null;
	readonly doc: string | null;
}

function toStatements(
	{ options }: State,
	{ action, actor }: Act,
	{ kind, id, alias, doc }: Written,
): Statement[] {
	const { queries, clock, newId } = options;
	return [
		doc === null
			? queries.remove({ kind, id })
			: queries.put({ kind, id, alias, doc }),
		queries.note({
			id: newId(),
			at: clock.now(),
			actor,
			action,
			kind,
			object: id,
			doc,
		}),
	];
}

/** Takes over, twice a second, what other processes have changed. */
function follow(s: State) {
	let looking: Promise<void> | null = null;
	const timer = setInterval(() => {
		looking ??= look(s)
			.catch(s.options.onFault)
			.finally(() => {
				looking = null;
			});
	}, lookEveryMs);
	return {
		close: async () => {
			clearInterval(timer);
			await looking;
		},
	};
}

async function look(s: State): Promise<void> {
	const { engine, queries, clock } = s.options;
	const after = toFirstId(clock.now() - overlapMs);
	const rows = await engine.read(queries.changes({ after }));
	const fresh = new Map(
		rows
			.filter(([id]) => !s.seen.has(String(id)))
			.map(([, kind, object]) => [`${kind}\n${object}`, { kind, object }]),
	);
	for (const { kind, object } of fresh.values()) {
		const [of, id] = [String(kind), String(object)];
		const [row] = await engine.read(queries.read({ kind: of, id }));
		if (row === undefined) displace(s, of, id);
		else place(s, of, row[0]);
	}
	s.seen = new Set(rows.map(([id]) => String(id)));
}

const timeDigits = 12;

/** Before every UUID of version 7 that was made since. */
function toFirstId(atMs: number): string {
	const hex = Math.max(0, atMs).toString(16).padStart(timeDigits, "0");
	return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
