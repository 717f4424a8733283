/** Long lists: their beginning at once, no more at hand than goes out, nothing done for whoever has gone. */
import { afterEach, expect, test } from "bun:test";
import { Hono } from "hono";
import { maxRows } from "../../src/admin/list.ts";
import { addRoutes, defineRoute } from "../../src/admin/route.ts";
import type { RequestHeaders } from "../../src/platform/contract.ts";

interface Counted {
	pages: number;
	ended: boolean;
}

const servers: { stop(force: boolean): Promise<void> }[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server.stop(true);
});

/** A list of so many pages of a hundred rows of a kilobyte. */
function serve(
	last: number,
	toRow = (at: number): object => ({ at, rest: "x".repeat(1_000) }),
) {
	const counted: Counted = { pages: 0, ended: false };
	const route = defineRoute<object>({
		method: "GET",
		path: "/thing/list",
		summary: "Things",
		for: "operator",
		list: {
			member: null,
			pages: async function* () {
				try {
					for (let at = 0; at < last; at++) {
						counted.pages += 1;
						yield Array.from({ length: 100 }, () => toRow(at));
						await new Promise(setImmediate);
					}
				} finally {
					counted.ended = true;
				}
			},
		},
		answer: async () => [],
	});
	const app = new Hono<{ Bindings: { headers: RequestHeaders } }>();
	addRoutes(app, [route], {
		requireOperator: () => {},
		readOwnKey: () => null,
	});
	const server = Bun.serve({
		port: 0,
		development: false,
		fetch: (request) => app.fetch(request, { headers: {} }),
	});
	servers.push(server);
	return { counted, url: `${server.url.origin}/thing/list?format=csv` };
}

async function until(condition: () => boolean): Promise<void> {
	const deadline = performance.now() + 5_000;
	while (!condition()) {
		if (performance.now() > deadline) throw new Error("it never came true");
		await Bun.sleep(5);
	}
}

const endless = Number.POSITIVE_INFINITY;

test("it begins at once, waits for its reader, and ends when he goes away", async () => {
	const { counted, url } = serve(endless);
	const controller = new AbortController();
	const reply = await fetch(url, { signal: controller.signal });
	const reader = reply.body?.getReader();
	const { value } = (await reader?.read()) ?? {};
	expect(new TextDecoder().decode(value)).toStartWith('"at","rest"\r\n0,');
	// What the sockets take is a few megabytes; then nobody makes any more.
	let seen = -1;
	while (seen !== counted.pages) {
		seen = counted.pages;
		await Bun.sleep(100);
	}
	expect(counted.ended).toBe(false);
	expect(counted.pages).toBeLessThan(200);
	controller.abort();
	await until(() => counted.ended);
});

test("one that is too long, or gets another column late, breaks off and is not taken for whole", async () => {
	const late = serve(3, (at) => (at < 2 ? { at } : { at, more: 1 }));
	const reply = await fetch(late.url);
	expect(reply.status).toBe(200);
	const cut = await reply.text().catch(() => null);
	expect(cut).toBeNull();
	const long = serve(maxRows / 100 + 1, () => ({}));
	const read = await fetch(long.url)
		.then(async (one) => {
			let bytes = 0;
			for await (const chunk of one.body ?? []) bytes += chunk.length;
			return bytes;
		})
		.catch(() => null);
	expect(read).toBeNull();
	expect(long.counted.pages).toBe(maxRows / 100 + 1);
});
