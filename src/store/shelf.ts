/** All that operators manage of one kind, in memory, where every call finds it. */
import type { Item, Keys, Shelf } from "../domain/directory.ts";
import { matches, type VirtualKey } from "../domain/virtual-key.ts";

/** Under which further names a thing is found: all of them at once. */
type ToNames<T> = (item: T) => readonly string[];

export interface OpenShelf<T extends Item> extends Shelf<T> {
	readonly byName: ReadonlyMap<string, T>;
	isEmpty(): boolean;
	place(item: T): void;
	displace(id: string): void;
}

const noNames = (): readonly string[] => [];

export function openShelf<T extends Item>(
	toNames: ToNames<T> = noNames,
): OpenShelf<T> {
	const byId = new Map<string, T>();
	const byAlias = new Map<string, T>();
	const byName = new Map<string, T>();
	/** Null after a change. */
	let listed: readonly T[] | null = null;
	const displace = (id: string) => {
		const item = byId.get(id);
		if (item === undefined) return;
		byId.delete(id);
		listed = null;
		// A name that was given up may be another's by now.
		for (const name of toNames(item)) {
			if (byName.get(name) === item) byName.delete(name);
		}
		if (item.alias !== null) byAlias.delete(item.alias);
	};
	return {
		byName,
		byId: (id) => byId.get(id) ?? null,
		byAlias: (alias) => byAlias.get(alias) ?? null,
		isEmpty: () => byId.size === 0,
		list: () => {
			listed ??= [...byId.values()].sort(byAge);
			return listed;
		},
		place: (item) => {
			displace(item.id);
			byId.set(item.id, item);
			listed = null;
			for (const name of toNames(item)) byName.set(name, item);
			if (item.alias !== null) byAlias.set(item.alias, item);
		},
		displace,
	};
}

const byAge = (a: Item, b: Item): number =>
	a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);

/** Keys are also found by their hash now and, while it works, the one before. */
export const openKeyShelf = (): OpenShelf<VirtualKey> =>
	openShelf(({ hash, older }) =>
		older === null ? [hash] : [hash, older.hash],
	);

export const toKeys = (
	shelf: OpenShelf<VirtualKey>,
	now: () => number,
): Keys => ({
	...shelf,
	find: (hash) => {
		const key = shelf.byName.get(hash);
		return key && matches(key, hash, now()) ? key : null;
	},
	isTaken: (hash) => shelf.byName.has(hash),
});
