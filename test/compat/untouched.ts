/** What must hold for every call that any client makes through the gateway, whatever else its scenario looks at. */
import { expect } from "bun:test";
import { createHash } from "node:crypto";
import type { Exchange, SimulatorRecord } from "../../src/simulator/record.ts";
import { upstreamKey } from "../rig.ts";
import type { Exchanged, Tap } from "./tap.ts";

export interface CrossingOptions {
	/** What callers prove themselves with; must stay at the gateway. */
	readonly gatewayKey: string;
	/** The one credential that upstream gets; the operator's key by default. */
	readonly credential?: string;
}

/** Headers that say what the client wants and is; all others are the connection's or the gateway's business. */
const crossing =
	/^(accept|content-type|user-agent|idempotency-key|x-app|(anthropic|x-stainless|x-claude-code|x-simulator)-.+)$/;

const upstreamOrigin = "https://api.anthropic.com";

/**
 * Upstream received what clients sent and nothing else, byte for byte, with one credential and never the caller's; and
 * clients received what upstream sent. Replies that the client broke off are compared as far as they came.
 */
export function expectUntouched(
	tap: Tap,
	record: SimulatorRecord,
	options: CrossingOptions,
): void {
	const unpaired = new Set(tap.exchanges());
	for (const exchange of record.all()) {
		if (isAskedAlone(exchange)) continue;
		const seen = findPair(exchange, unpaired);
		expect(seen, `no client sent ${toLine(exchange)}`).toBeDefined();
		if (!seen) continue;
		unpaired.delete(seen);
		expectSameRequest(seen, exchange);
		expectCredential(exchange, options);
		if (!isOurs(seen)) expectSameReply(seen, exchange, tap.url);
	}
	for (const seen of unpaired) {
		const { start } = seen.request;
		expect(isOurs(seen), `never reached upstream: ${start}`).toBe(true);
	}
	expect(tap.sentToClients().includes(upstreamKey)).toBe(false);
}

const toLine = ({ received }: Exchange) =>
	`${received.method} ${received.target}`;

const toSha256 = (bytes: string | Uint8Array) =>
	createHash("sha256").update(bytes).digest("hex");

/** The answer is the gateway's own. */
const isOurs = ({ target, reply }: Exchanged): boolean =>
	target.endsWith("/api/hello") ||
	reply?.headers.get("request-id")?.startsWith("req_tollway_") === true;

/** The gateway asks after batches itself, before it deletes one. */
const isAskedAlone = ({ received }: Exchange): boolean =>
	received.method === "GET" &&
	/^\/v1\/messages\/batches\/[^/]+(\/results)?$/.test(received.target) &&
	received.rawHeaders.some((value) => value.startsWith("tollway/"));

/** By the reply's id; where upstream's reply did not come through, by what was sent. */
function findPair(
	exchange: Exchange,
	unpaired: ReadonlySet<Exchanged>,
): Exchanged | undefined {
	const id = toHeaders(exchange.sent.rawHeaders).get("request-id");
	const all = [...unpaired];
	return (
		all.find(({ reply }) => id && reply?.headers.get("request-id") === id) ??
		all.find(
			(seen) =>
				(seen.reply === null || isOurs(seen)) &&
				seen.method === exchange.received.method &&
				toUpstreamTarget(seen.target) === exchange.received.target &&
				toSha256(seen.request.body) === exchange.received.body.sha256,
		)
	);
}

/** Whichever way a base URL is written, with or without `/anthropic` and `/v1`. */
const toUpstreamTarget = (target: string): string =>
	target.replace(/^(\/anthropic)?(\/v1)*/, "/v1");

function expectSameRequest({ request, target }: Exchanged, exchange: Exchange) {
	const { received } = exchange;
	expect(received.target).toBe(toUpstreamTarget(target));
	expect(received.body.sha256).toBe(toSha256(request.body));
	const got = toHeaders(received.rawHeaders);
	for (const [name, value] of request.headers) {
		if (crossing.test(name))
			expect([name, got.get(name)]).toEqual([name, value]);
	}
}

function expectCredential(
	{ received }: Exchange,
	{ gatewayKey, credential = `x-api-key: ${upstreamKey}` }: CrossingOptions,
) {
	const got = [...toHeaders(received.rawHeaders)]
		.filter(([name]) => /^(x-)?(litellm-)?(api-key|authorization)$/.test(name))
		.map(([name, value]) => `${name}: ${value}`);
	expect(got).toEqual([credential]);
	expect(received.rawHeaders.join("\n")).not.toContain(gatewayKey);
	expect(Buffer.from(received.body.bytes).includes(gatewayKey)).toBe(false);
}

function expectSameReply(
	{ reply }: Exchanged,
	{ sent }: Exchange,
	gatewayUrl: string,
) {
	if (reply === null) return;
	expect(reply.start.split(" ")[1]).toBe(String(sent.status));
	const got = asUpstreamSaid(reply.body, gatewayUrl);
	if (reply.complete) expect(toSha256(got)).toBe(String(sent.body.sha256));
	else {
		const begun = sent.body.bytes.subarray(0, got.length);
		expect(Buffer.compare(Buffer.from(got), begun)).toBe(0);
	}
}

/** `results_url` is the one thing in a reply that the gateway changes. */
function asUpstreamSaid(body: Uint8Array, gatewayUrl: string): Uint8Array {
	const text = Buffer.from(body).toString("latin1");
	if (!text.includes(gatewayUrl)) return body;
	const mounts = new RegExp(`${gatewayUrl}(/anthropic)?(?=/v1/)`, "g");
	return Buffer.from(text.replace(mounts, upstreamOrigin), "latin1");
}

function toHeaders(rawHeaders: readonly string[]): Map<string, string> {
	const headers = new Map<string, string>();
	for (let at = 0; at < rawHeaders.length; at += 2) {
		headers.set((rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? "");
	}
	return headers;
}
