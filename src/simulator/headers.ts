import { Buffer } from "node:buffer";
import { eventStreamType, type Reply } from "./reply.ts";

export const organizationId = "5f0c1c2e-8a3d-4b7e-9c55-2d1f0a6b7c88";
export const workspaceId = "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ";

type Header = readonly [name: string, value: string];

interface HeaderFacts {
	requestId: string;
	nowMs: number;
	/** What the client asked for. */
	keepAlive: boolean;
}

/**
 * All headers of a reply as they go on the wire, in the mixed case that the real edge sends. Later ones with the same
 * name (the reply's own) take the place of earlier ones.
 */
export function toRawHeaders(reply: Reply, facts: HeaderFacts): string[] {
	const own = reply.headers ?? [];
	const isKnown = reply.status !== 401;
	const all = [
		...toFramingHeaders(reply, facts),
		...(isKnown ? toLimitHeaders(facts.nowMs) : []),
		...toEdgeHeaders(facts.requestId, isKnown),
	];
	if (own.length === 0) return all.flat();
	const replaced = new Set(own.map(([name]) => name.toLowerCase()));
	return [
		...all.filter(([name]) => !replaced.has(name.toLowerCase())),
		...own,
	].flat();
}

function toFramingHeaders(
	{ status, body }: Reply,
	{ nowMs, keepAlive }: HeaderFacts,
): Header[] {
	const headers: Header[] = [["Date", new Date(nowMs).toUTCString()]];
	if (body.kind === "events") {
		headers.push(
			["Content-Type", eventStreamType],
			["Transfer-Encoding", "chunked"],
			["Cache-Control", "no-cache"],
		);
	} else if (body.kind === "bytes") {
		headers.push(
			["Content-Type", body.contentType],
			["Content-Length", String(body.bytes.length)],
		);
	} else if (body.kind === "stream") {
		headers.push(
			["Content-Type", body.contentType],
			body.lengthBytes === undefined
				? ["Transfer-Encoding", "chunked"]
				: ["Content-Length", String(body.lengthBytes)],
		);
	}
	if (body.kind === "none" && status !== 204) {
		headers.push(["Content-Length", "0"]);
	}
	headers.push(["Connection", keepAlive ? "keep-alive" : "close"]);
	return headers;
}

/** Requests and tokens per minute of the organization; token figures are rounded to thousands, as the API does. */
const limits = [
	["requests", "4000", "3999"],
	["input-tokens", "2000000", "1999000"],
	["output-tokens", "400000", "399000"],
	["tokens", "2400000", "2398000"],
] as const;

function toLimitHeaders(nowMs: number): Header[] {
	const reset = new Date(nowMs + 1_000).toISOString().replace(".000Z", "Z");
	return limits.flatMap(([pool, limit, remaining]): Header[] => [
		[`anthropic-ratelimit-${pool}-limit`, limit],
		[`anthropic-ratelimit-${pool}-remaining`, remaining],
		[`anthropic-ratelimit-${pool}-reset`, reset],
	]);
}

function toEdgeHeaders(requestId: string, isKnown: boolean): Header[] {
	const ray = Buffer.from(requestId.slice(-8)).toString("hex");
	return [
		["request-id", requestId],
		[
			"strict-transport-security",
			"max-age=31536000; includeSubDomains; preload",
		],
		["anthropic-organization-id", organizationId],
		...(isKnown ? ([["anthropic-workspace-id", workspaceId]] as const) : []),
		["vary", "Accept-Encoding"],
		["via", "1.1 google"],
		["server-timing", "x-originResponse;dur=412"],
		["set-cookie", `__cf_bm=${ray}; path=/; HttpOnly; Secure; SameSite=None`],
		["cf-cache-status", "DYNAMIC"],
		["X-Robots-Tag", "none"],
		["Server", "cloudflare"],
		["CF-RAY", `${ray}-FRA`],
	];
}
