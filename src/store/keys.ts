/** The virtual keys: all of them in memory, where every call finds its own, and in the database, where they are kept. */
import { matches, type VirtualKey } from "../domain/virtual-key.ts";
import type { Clock, SqlValue } from "../platform/contract.ts";
import type { Engine, Statement } from "./engine.ts";
import type { ObjectQueries } from "./object-queries.ts";

export interface KeysOptions {
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

export interface Keys {
	/** By the SHA-256 of a key, in hexadecimal; null: there is none, or not any more. One that is blocked or expired is found. */
	find(hash: string): VirtualKey | null;
	isEmpty(): boolean;
	/** By id, whatever its hash is now. */
	byId(id: string): VirtualKey | null;
	byAlias(alias: string): VirtualKey | null;
	/** The oldest first. */
	list(): readonly VirtualKey[];
	/**
	 * In the database, then here. False: its value is or was a key's, and nothing was changed. Rejects with StoreError;
	 * `conflict`: its alias is another's.
	 */
	add(key: VirtualKey, act: Act): Promise<boolean>;
	/**
	 * The same for one that is there. Changes are made one after the other, each of what the one before left. Resolves with
	 * what it now is; null: there is none.
	 */
	change(
		id: string,
		act: Act,
		edit: (key: VirtualKey) => VirtualKey,
	): Promise<VirtualKey | null>;
	/** False: there was none. */
	remove(id: string, act: Act): Promise<boolean>;
	close(): Promise<void>;
}

const kind = "key";

/** What another process changed counts here within a second. */
const lookEveryMs = 500;
/** Ids are made of each process's own clock, and commits take their time: so far back changes are looked for again. */
const overlapMs = 30_000;

interface State {
	readonly options: KeysOptions;
	readonly byId: Map<string, VirtualKey>;
	/** By its hash now and, while it works, the one before. */
	readonly byHash: Map<string, VirtualKey>;
	readonly byAlias: Map<string, VirtualKey>;
	/** The last change that was asked for. */
	last: Promise<unknown>;
	/** Changes of the overlap that are known. */
	seen: ReadonlySet<string>;
}

/** Reads all there are. Rejects with StoreError. */
export async function openKeys(options: KeysOptions): Promise<Keys> {
	const { engine, queries, clock } = options;
	const s: State = {
		options,
		byId: new Map(),
		byHash: new Map(),
		byAlias: new Map(),
		last: Promise.resolve(),
		seen: new Set(),
	};
	const rows = await engine.readInOrder(queries.list({ kind }));
	for (const [doc] of rows) place(s, toKey(doc));
	// One process has the embedded database to itself.
	const follower = engine.kind === "postgres" ? follow(s) : null;
	const inTurn = <T>(what: () => Promise<T>): Promise<T> => {
		const done = s.last.then(what);
		s.last = done.catch(() => {});
		return done;
	};
	return {
		find: (hash) => {
			const key = s.byHash.get(hash);
			return key && matches(key, hash, clock.now()) ? key : null;
		},
		isEmpty: () => s.byId.size === 0,
		byId: (id) => s.byId.get(id) ?? null,
		byAlias: (alias) => s.byAlias.get(alias) ?? null,
		list: () => [...s.byId.values()].sort(byAge),
		add: (key, act) =>
			inTurn(async () => {
				if (s.byId.has(key.id) || s.byHash.has(key.hash)) return false;
				await put(s, key, act);
				return true;
			}),
		change: (id, act, edit) =>
			inTurn(async () => {
				const key = s.byId.get(id);
				if (key === undefined) return null;
				const edited = edit(key);
				await put(s, edited, act);
				return edited;
			}),
		remove: (id, act) => inTurn(() => remove(s, id, act)),
		close: async () => {
			await follower?.close();
			await s.last;
		},
	};
}

const byAge = (a: VirtualKey, b: VirtualKey): number =>
	a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);

const toKey = (doc: SqlValue | undefined): VirtualKey =>
	JSON.parse(String(doc)) as VirtualKey;

function place(s: State, key: VirtualKey): void {
	displace(s, key.id);
	s.byId.set(key.id, key);
	s.byHash.set(key.hash, key);
	if (key.older !== null) s.byHash.set(key.older.hash, key);
	if (key.alias !== null) s.byAlias.set(key.alias, key);
}

function displace(s: State, id: string): void {
	const key = s.byId.get(id);
	if (key === undefined) return;
	s.byId.delete(id);
	// A value that no longer works may be another key's by now.
	for (const hash of [key.hash, key.older?.hash ?? ""]) {
		if (s.byHash.get(hash) === key) s.byHash.delete(hash);
	}
	if (key.alias !== null) s.byAlias.delete(key.alias);
}

async function put(s: State, key: VirtualKey, act: Act): Promise<void> {
	const { engine, queries } = s.options;
	const { id, alias } = key;
	const doc = JSON.stringify(key);
	await engine.commit(
		[queries.put({ kind, id, alias, doc }), toNote(s, id, doc, act)],
		true,
	);
	place(s, key);
}

async function remove(s: State, id: string, act: Act): Promise<boolean> {
	if (!s.byId.has(id)) return false;
	const { engine, queries } = s.options;
	await engine.commit(
		[queries.remove({ kind, id }), toNote(s, id, null, act)],
		true,
	);
	displace(s, id);
	return true;
}

function toNote(
	{ options }: State,
	object: string,
	doc: string | null,
	{ action, actor }: Act,
): Statement {
	const { queries, clock, newId } = options;
	const at = clock.now();
	return queries.note({ id: newId(), at, actor, action, kind, object, doc });
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
	const rows = await engine.read(queries.changes({ kind, after }));
	const fresh = rows.filter(([id]) => !s.seen.has(String(id)));
	for (const id of new Set(fresh.map(([, object]) => String(object)))) {
		const [row] = await engine.read(queries.read({ kind, id }));
		if (row === undefined) displace(s, id);
		else place(s, toKey(row[0]));
	}
	s.seen = new Set(rows.map(([id]) => String(id)));
}

const timeDigits = 12;

/** Before every UUID of version 7 that was made since. */
function toFirstId(atMs: number): string {
	const hex = Math.max(0, atMs).toString(16).padStart(timeDigits, "0");
	return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
