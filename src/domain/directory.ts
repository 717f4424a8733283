/** What operators manage, as calls find it: all of it, in memory. */
import type { Budget, Customer, Tag, Team, User } from "./people.ts";
import type { VirtualKey } from "./virtual-key.ts";

/** What stands on a shelf. */
export interface Item {
	readonly id: string;
	/** No two on a shelf have the same; null: none. */
	readonly alias: string | null;
	readonly createdMs: number;
}

export interface Shelf<T extends Item> {
	byId(id: string): T | null;
	byAlias(alias: string): T | null;
	/** The oldest first. */
	list(): readonly T[];
}

export interface Keys extends Shelf<VirtualKey> {
	/** By the SHA-256 of a key, in hexadecimal; null: there is none, or not any more. One that is blocked or expired is found. */
	find(hash: string): VirtualKey | null;
	/** Whether it is a key's value, or was its value before the last. */
	isTaken(hash: string): boolean;
	isEmpty(): boolean;
}

export interface Directory {
	readonly keys: Keys;
	readonly users: Shelf<User>;
	readonly teams: Shelf<Team>;
	readonly customers: Shelf<Customer>;
	readonly budgets: Shelf<Budget>;
	readonly tags: Shelf<Tag>;
	/** Another number after every change, wherever it was made. */
	version(): number;
}
