import { ApiError } from "./errors.ts";

const defaultLimit = 20;
const maxLimit = 1_000;

function readLimit(query: URLSearchParams): number {
	const text = query.get("limit");
	if (text === null) return defaultLimit;
	const limit = Number(text);
	if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
		throw new ApiError(
			"invalid_request_error",
			`limit: Input should be between 1 and ${maxLimit}`,
		);
	}
	return limit;
}

interface IdPage<Item> {
	data: Item[];
	has_more: boolean;
	first_id: string | null;
	last_id: string | null;
}

/** The `after_id`, `before_id` kind of page over items in listing order. An unknown id is the API's 400. */
export function toIdPage<Item extends { id: string }>(
	items: readonly Item[],
	query: URLSearchParams,
): IdPage<Item> {
	const limit = readLimit(query);
	const after = query.get("after_id");
	const before = query.get("before_id");
	let rest = items;
	let has_more: boolean;
	let data: Item[];
	if (before !== null) {
		rest = items.slice(0, findIndex(items, before, "before_id"));
		data = rest.slice(-limit);
		has_more = rest.length > data.length;
	} else {
		if (after !== null) {
			rest = items.slice(findIndex(items, after, "after_id") + 1);
		}
		data = rest.slice(0, limit);
		has_more = rest.length > data.length;
	}
	return {
		data,
		has_more,
		first_id: data[0]?.id ?? null,
		last_id: data.at(-1)?.id ?? null,
	};
}

function findIndex(
	items: readonly { id: string }[],
	id: string,
	parameter: string,
): number {
	const index = items.findIndex((item) => item.id === id);
	if (index === -1) {
		throw new ApiError(
			"invalid_request_error",
			`${parameter}: unknown id ${id}`,
		);
	}
	return index;
}

interface CursorPage<Item> {
	data: Item[];
	next_page: string | null;
}

/** The opaque `page`, `next_page` kind. A cursor that was never handed out is the API's 400. */
export function toCursorPage<Item>(
	items: readonly Item[],
	query: URLSearchParams,
): CursorPage<Item> {
	const limit = readLimit(query);
	const start = readCursor(query.get("page"), items.length);
	const end = start + limit;
	return {
		data: items.slice(start, end),
		next_page: end < items.length ? `page_${end.toString(36)}` : null,
	};
}

function readCursor(page: string | null, length: number): number {
	if (page === null) return 0;
	const start = Number.parseInt(
		/^page_([0-9a-z]{1,8})$/.exec(page)?.[1] ?? "",
		36,
	);
	if (Number.isNaN(start) || start > length) {
		throw new ApiError("invalid_request_error", "page: invalid cursor");
	}
	return start;
}
