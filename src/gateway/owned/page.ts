/** A page of a list as upstream sends it: read, and cut without touching a byte of what stays. */
import { GatewayError } from "../../domain/error.ts";
import { type Splice, splice } from "../body.ts";
import { type Finding, findingsOf, firstOf } from "../scan/finding.ts";
import { scanBody } from "../scan/scan.ts";

export interface PageItem {
	/** Empty: it has none. */
	readonly id: string;
	readonly start: number;
	readonly end: number;
}

export interface Page {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly items: readonly PageItem[];
	readonly hasMore: boolean;
	/** Null: there is none, or such pages have none. */
	readonly nextPage: string | null;
	readonly findings: readonly Finding[];
}

/** Null: it is none. */
export function readPage(bytes: Uint8Array<ArrayBuffer>): Page | null {
	let findings: readonly Finding[];
	try {
		({ findings } = scanBody(bytes, { root: "page" }));
	} catch (error) {
		if (error instanceof GatewayError) return null;
		throw error;
	}
	const data = findingsOf({ findings }, "page.data");
	const list = data.at(-1);
	if (list === undefined || bytes[list.start] !== openArray) return null;
	const ids = new Map(
		findingsOf({ findings }, "pageItem.id").map((id) => [id.parent, id.value]),
	);
	return {
		bytes,
		items: data
			.filter(({ parent }) => parent === list.start)
			.map(({ start, end }) => ({ id: ids.get(start) ?? "", start, end })),
		hasMore: firstOf(findings, "page.has_more") === true,
		nextPage: firstOf(findings, "page.next_page") ?? null,
		findings,
	};
}

const openArray = 0x5b;

export interface Kept {
	/** Of `items`, in their order. */
	readonly items: readonly PageItem[];
	readonly hasMore: boolean;
	readonly nextPage: string | null;
}

/** The page with these items only, and with what it says of its ends put right. */
export function cutPage(page: Page, kept: Kept): Uint8Array<ArrayBuffer> {
	const first = kept.items[0]?.id ?? null;
	const last = kept.items.at(-1)?.id ?? null;
	const edits: Splice[] = cutItems(page.items, new Set(kept.items));
	const rewrite = (
		slot: "page.first_id" | "page.last_id" | "page.has_more" | "page.next_page",
		value: string | boolean | null,
	) => {
		for (const { start, end } of findingsOf(page, slot)) {
			edits.push({ start, end, by: encode(JSON.stringify(value)) });
		}
	};
	rewrite("page.first_id", first);
	rewrite("page.last_id", last);
	rewrite("page.has_more", kept.hasMore);
	rewrite("page.next_page", kept.nextPage);
	return splice(
		page.bytes,
		edits.sort((a, b) => a.start - b.start),
	);
}

/** Each goes with the comma before it, or, before the first that stays, with the one behind it. */
function cutItems(
	items: readonly PageItem[],
	kept: ReadonlySet<PageItem>,
): Splice[] {
	const cuts: Splice[] = [];
	let stays = false;
	for (const [at, item] of items.entries()) {
		if (kept.has(item)) {
			stays = true;
			continue;
		}
		const before = items[at - 1];
		const start = stays && before !== undefined ? before.end : item.start;
		const end = stays ? item.end : (items[at + 1]?.start ?? item.end);
		cuts.push({ start, end });
	}
	return cuts;
}

const encode = (text: string) => new TextEncoder().encode(text);
