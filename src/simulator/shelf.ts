import { ApiError } from "./errors.ts";

/** Things of one kind that clients created, newest first. */
export interface Shelf<Item> {
	/** The oldest goes when the shelf is full. */
	add(item: Item): void;
	/** Throws the API's 404. */
	get(id: string | undefined): Item;
	list(): Item[];
	remove(id: string): void;
}

export function openShelf<Item extends { id: string }>(
	called: string,
	maxItems: number,
): Shelf<Item> {
	const items = new Map<string, Item>();
	return {
		add(item) {
			items.set(item.id, item);
			const oldest = items.keys().next();
			if (items.size > maxItems && !oldest.done) items.delete(oldest.value);
		},
		get(id = "") {
			const item = items.get(id);
			if (item === undefined) {
				throw new ApiError("not_found_error", `${called} not found: ${id}`);
			}
			return item;
		},
		list: () => [...items.values()].reverse(),
		remove: (id) => items.delete(id),
	};
}
