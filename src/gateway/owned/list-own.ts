/** A list of all that an account has, for one who may see only their own. */
import { GatewayError } from "../../domain/error.ts";
import { decode, maxRatio } from "../encoding.ts";
import { toUpstreamHeaders } from "../headers.ts";
import { moveCall, type OpenCall } from "../open-call.ts";
import type { Gateway } from "../pipeline.ts";
import { readReply } from "../read-reply.ts";
import { cutPage, type Page, type PageItem, readPage } from "./page.ts";
import { findOwn } from "./require-own.ts";

/** Pages of upstream that one call looks through, so that others' things between one's own do not end the list. */
const maxPages = 25;

/** A longer one is nobody's: 1,000 batches are 0.8 MB. */
const maxBytes = 16 * 1024 * 1024;

/** Which page of the list, as a query says it. */
interface Cursor {
	readonly name: "page" | "after_id" | "before_id";
	readonly value: string;
}

interface Owned {
	readonly kind: string;
	readonly owner: string;
}

/** A page with what of it is theirs. */
interface Seen {
	readonly page: Page;
	readonly own: readonly PageItem[];
}

/**
 * The first page, from the one that was asked for on, that has something of theirs, without what is others'. Whether more
 * follows is said of their own things only.
 * @param first upstream's answer, decoded
 * @throws GatewayError `upstream_invalid` where it is no page: then nobody can tell whose it is
 */
export async function listOwn(
	first: Uint8Array<ArrayBuffer>,
	owned: Owned,
	call: OpenCall,
	gateway: Gateway,
): Promise<Uint8Array<ArrayBuffer>> {
	const query = new URLSearchParams(call.arrival.target.query);
	const isStart = !["page", "after_id", "before_id"].some((it) =>
		query.has(it),
	);
	const all = await gateway.owners.count(owned.kind, owned.owner);
	// From the start on it is known when all of theirs have been seen.
	let left = isStart || all === 0 ? all : Number.POSITIVE_INFINITY;
	let seen = await look(first, owned, gateway);
	let shown = seen;
	for (let pages = 1; ; pages++) {
		left -= seen.own.length;
		const next = left > 0 ? toNext(seen.page, query) : null;
		if (next === null) return toReply(shown, null);
		const bytes =
			pages < maxPages ? await ask(next, query, call, gateway) : null;
		// There may be more of theirs; whoever goes on from there finds out.
		if (bytes === null) return toReply(shown, next);
		seen = await look(bytes, owned, gateway);
		if (shown.own.length === 0) shown = seen;
		else if (seen.own.length > 0) return toReply(shown, next);
	}
}

const toReply = ({ page, own }: Seen, next: Cursor | null) =>
	cutPage(page, {
		items: own,
		hasMore: next !== null,
		nextPage: next?.name === "page" ? next.value : null,
	});

async function look(
	bytes: Uint8Array<ArrayBuffer>,
	{ kind, owner }: Owned,
	gateway: Gateway,
): Promise<Seen> {
	const page = readPage(bytes);
	if (page === null) throw unreadable();
	const objects = page.items.map((item) => ({ ...item, kind, item }));
	const own = await findOwn(objects, owner, gateway);
	return { page, own: own.map(({ item }) => item) };
}

/** Null: upstream has no more. */
function toNext(page: Page, query: URLSearchParams): Cursor | null {
	if (page.nextPage !== null) return { name: "page", value: page.nextPage };
	if (!page.hasMore) return null;
	const isBackwards = query.has("before_id");
	const value = (isBackwards ? page.items[0] : page.items.at(-1))?.id ?? "";
	if (value === "") return null;
	return { name: isBackwards ? "before_id" : "after_id", value };
}

/** Null: upstream does not give it now. Rejects with the runtime's error when it breaks off. */
async function ask(
	{ name, value }: Cursor,
	asked: URLSearchParams,
	call: OpenCall,
	gateway: Gateway,
): Promise<Uint8Array<ArrayBuffer> | null> {
	const { arrival, route, grant, controller } = call;
	const query = new URLSearchParams(asked);
	query.set(name, value);
	const reply = await gateway.fetch(
		`${gateway.upstreamUrl}${route.upstreamPath}?${query}`,
		{
			method: "GET",
			headers: toUpstreamHeaders(arrival.headers, {
				credential: grant?.credential ?? null,
				ours: true,
				identity: true,
				userAgent: gateway.userAgent,
			}),
			body: null,
			signal: controller.signal,
			bulk: false,
		},
	);
	moveCall(call, "upstream", gateway);
	if (reply.status === 200) return await readPlain(reply);
	await reply.body?.cancel();
	return null;
}

/**
 * All of a reply, decoded.
 * @throws GatewayError `upstream_invalid` where it is too long or cannot be decoded: nobody may see what nobody has looked at
 */
export async function readPlain(
	reply: Response,
): Promise<Uint8Array<ArrayBuffer>> {
	if (reply.body === null) throw unreadable();
	const read = await readReply(reply, maxBytes);
	if (read.whole === null) {
		await read.rest.cancel();
		throw unreadable();
	}
	const coding = reply.headers.get("content-encoding");
	if (coding === null) return read.whole;
	try {
		return await decode(read.whole, coding, { maxBytes, maxRatio });
	} catch (cause) {
		if (cause instanceof GatewayError) throw unreadable(cause);
		throw cause;
	}
}

const unreadable = (cause?: unknown) =>
	new GatewayError(
		"upstream_invalid",
		"Tollway could not tell in upstream's answer what is yours and what is others', so it shows none of it. Try again, and tell the operator if it goes on.",
		{ cause },
	);
