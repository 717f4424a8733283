/** Who made what stands at upstream: a table, and a bounded memory of what it has said. */
import type { Engine, Statement } from "./engine.ts";
import type { Queries } from "./queries.ts";

/** One thing at upstream. */
export interface OwnedObject {
	/** As the path names it: `files`, `batches`, … */
	readonly kind: string;
	readonly id: string;
}

/** All of it rejects with StoreError. */
export interface Owners {
	/** Nothing happens to what has an owner already. It is safe from a power cut then where Entries are. */
	add(
		objects: readonly OwnedObject[],
		owner: string,
		createdMs: number,
	): Promise<void>;
	/** What is unknown and what is somebody else's take the same question to the database, and the same time. */
	isOf(object: OwnedObject, owner: string): Promise<boolean>;
	count(kind: string, owner: string): Promise<number>;
	remove(object: OwnedObject): Promise<void>;
}

/** Things that were asked for lately; half a megabyte or two. */
const maxRemembered = 10_000;

export interface OwnersOptions {
	readonly engine: Engine;
	readonly queries: Pick<Queries, "owners">;
	/** Whether a commit waits for the disk. */
	readonly synced: boolean;
}

export function openOwners({
	engine,
	queries: { owners: queries },
	synced,
}: OwnersOptions): Owners {
	// Only that a thing is theirs, never that it is not: another process may make it known at any time, and no id comes
	// back after it was deleted.
	const known = new Set<string>();
	const remember = (name: string) => {
		if (known.size >= maxRemembered) {
			for (const oldest of known) {
				known.delete(oldest);
				break;
			}
		}
		known.add(name);
	};
	return {
		add: (objects, owner, createdMs) =>
			engine.commit(
				objects.map((one) =>
					queries.add({ ...one, owner, createdAt: createdMs }),
				),
				synced,
			),
		isOf: async (object, owner) => {
			const name = `${owner} ${object.kind} ${object.id}`;
			if (known.has(name)) return true;
			const rows = await engine.read(queries.isOf({ ...object, owner }));
			if (rows.length > 0) remember(name);
			return rows.length > 0;
		},
		count: async (kind, owner) => {
			const [row] = await engine.read(queries.count({ kind, owner }));
			return Number(row?.[0] ?? 0);
		},
		remove: (object) => engine.commit([queries.remove({ ...object })], synced),
	};
}

/** As a part of a larger transaction. */
export const toOwnerStatement = (
	{ owners: queries }: Pick<Queries, "owners">,
	object: OwnedObject,
	of: { readonly owner: string; readonly createdMs: number },
): Statement =>
	queries.add({ ...object, owner: of.owner, createdAt: of.createdMs });
