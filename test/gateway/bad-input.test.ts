import {
	afterAll,
	afterEach,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { sendRaw } from "../raw.ts";
import { openRig, type Rig } from "../rig.ts";

let rig: Rig;
beforeAll(async () => {
	rig = await openRig();
});
afterAll(() => rig.stop());
beforeEach(() => rig.simulator.record.clear());
afterEach(async () => {
	// Whatever came before, the process goes on as if nothing had been.
	expect((await fetch(`${rig.url}/readyz`)).status).toBe(200);
});

const host = () => new URL(rig.url).host;

const body =
	'{"model":"claude-sonnet-5-5","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}';

interface Head {
	readonly method?: string;
	readonly target?: string;
	/** Lines after the request line; `host` by default. */
	readonly lines?: readonly string[];
	readonly body?: string;
}

const toRequest = ({
	method = "POST",
	target = "/anthropic/v1/messages",
	lines,
	body: text = body,
}: Head) =>
	[
		`${method} ${target} HTTP/1.1`,
		...(lines ?? [`Host: ${host()}`]),
		"Content-Type: application/json",
		"anthropic-version: 2023-06-01",
		...(lines?.some((line) => /^(content-length|transfer-encoding)/i.test(line))
			? []
			: [`Content-Length: ${Buffer.byteLength(text)}`]),
		"",
		text,
	].join("\r\n");

/** Targets that must not reach upstream; the rest of the path tricks are resolved by the runtime before anyone looks. */
const refusedTargets = [
	"//evil.example/v1/messages",
	"/anthropic//v1/messages",
	"/anthropic/v1//messages",
	"/anthropic/v1/messages//",
	"/anthropic/v1%2fmessages",
	"/anthropic/v1%2Fmessages",
	"/anthropic%2fv1/messages",
	"/anthropic/v1/messages%2f..%2f..%2fkey",
	"/anthropic/..%2f..%2fv1/organizations",
	"/anthropic/v1/files/%5c..%5c",
	"/anthropic/v1/files/%5C",
	"/anthropic/v1/messages%00",
	"/anthropic/v1/messages%0d%0aHost:%20evil",
	"/anthropic/v1/messages%0a",
	"/anthropic/v1/messages%1f",
	"/anthropic/v1/messages%7f",
	"/anthropic/v1/files/%252e%252e/x",
	"/anthropic/v1/files/%252f",
	"/anthropic/v1/files/%25252f",
	"/anthropic/v1/files/%255c",
	"/anthropic/v1/files/%2500",
] as const;

describe("paths that two readers could read in two ways", () => {
	for (const target of refusedTargets) {
		test(target, async () => {
			const reply = await sendRaw(rig.url, toRequest({ target }));
			expect(reply.status).toBe(400);
			expect(reply.text).toContain('"type":"error"');
			expect(reply.text.toLowerCase()).toContain("request-id: req_tollway_");
			expect(rig.simulator.record.all()).toEqual([]);
		});
	}
});

describe("paths that are resolved before anyone looks", () => {
	const resolved: readonly (readonly [string, string | null])[] = [
		["/anthropic/v1/files/../messages", "/v1/messages"],
		["/anthropic/v1/files/%2e%2e/messages", "/v1/messages"],
		["/anthropic/v1/files\\..\\messages", "/v1/messages"],
		["/anthropic/v1/messages/.", "/v1/messages/"],
		["/anthropic/../v1/messages", "/v1/messages"],
		["/anthropic/v1/../../../etc/passwd", null],
		["/anthropic/..", null],
		["/ANTHROPIC/v1/messages", null],
		["/anthropicx/v1/messages", null],
		["/v1", null],
		["/anthropic", null],
		["/anthropic/", "/"],
	];
	for (const [target, upstream] of resolved) {
		test(target, async () => {
			const reply = await sendRaw(rig.url, toRequest({ target }));
			if (upstream === null) expect(reply.status).toBe(404);
			const reached = rig.simulator.record
				.all()
				.map((one) => one.received.target);
			expect(reached).toEqual(upstream === null ? [] : [upstream]);
		});
	}
});

describe("the Host header", () => {
	const hosts: readonly (readonly [string, readonly string[], number])[] = [
		["empty", ["Host: "], 400],
		["missing", [], 400],
		["with a path", ["Host: x/#@y"], 400],
		["with a question mark", ["Host: x?"], 400],
		["with credentials", ["Host: u:p@127.0.0.1"], 400],
		["with a space", ["Host: a b"], 400],
		["with an impossible port", ["Host: a:99999"], 400],
		["an open bracket", ["Host: [::1"], 400],
		["two of them", ["Host: 127.0.0.1", "Host: evil.example"], 400],
		["another site (DNS rebinding)", ["Host: evil.example"], 403],
		["another site with our port", ["Host: evil.example:4000"], 403],
	];
	for (const [name, lines, status] of hosts) {
		test(name, async () => {
			const reply = await sendRaw(rig.url, toRequest({ lines }));
			expect(reply.status).toBe(status);
			expect(rig.simulator.record.all()).toEqual([]);
		});
	}
	for (const name of [
		"localhost",
		"LOCALHOST:4000",
		"127.0.0.1:1",
		"[::1]:4000",
		"0.0.0.0:4000",
	]) {
		test(`${name} is this machine`, async () => {
			const reply = await sendRaw(
				rig.url,
				toRequest({ lines: [`Host: ${name}`] }),
			);
			expect(reply.status).toBe(200);
		});
	}
	test("an absolute target of another site changes nothing about where the call goes", async () => {
		const reply = await sendRaw(
			rig.url,
			toRequest({ target: "http://evil.example/anthropic/v1/messages" }),
		);
		expect(reply.status).toBe(200);
		expect(rig.simulator.record.all()[0]?.received.target).toBe("/v1/messages");
	});
});

describe("methods", () => {
	for (const method of ["TRACE", "QUERY", "OPTIONS"]) {
		test(`${method} is 405`, async () => {
			const reply = await sendRaw(rig.url, toRequest({ method, body: "" }));
			expect(reply.status).toBe(405);
			expect(reply.text.toLowerCase()).toContain(
				"allow: get, head, post, put, patch, delete",
			);
			expect(rig.simulator.record.all()).toEqual([]);
		});
	}
	test("CONNECT is refused", async () => {
		const reply = await sendRaw(
			rig.url,
			`CONNECT example.com:80 HTTP/1.1\r\nHost: ${host()}\r\n\r\n`,
		);
		expect(reply.status).toBe(405);
	});
	test("an unknown method closes the connection", async () => {
		const reply = await sendRaw(rig.url, toRequest({ method: "BREW" }));
		expect(reply.status === null || reply.status >= 400).toBe(true);
		expect(rig.simulator.record.all()).toEqual([]);
	});
	test("GET with a body", async () => {
		const reply = await sendRaw(rig.url, toRequest({ method: "GET" }));
		expect(reply.status).toBe(400);
		expect(rig.simulator.record.all()).toEqual([]);
	});
});

describe("framing", () => {
	const framings: readonly (readonly [string, readonly string[]])[] = [
		["two different lengths", ["Content-Length: 5", "Content-Length: 6"]],
		[
			"the same length twice",
			[`Content-Length: ${body.length}`, `Content-Length: ${body.length}`],
		],
		["a list of lengths", [`Content-Length: ${body.length}, ${body.length}`]],
		["a signed length", [`Content-Length: +${body.length}`]],
		["a negative length", ["Content-Length: -1"]],
		["a hexadecimal length", ["Content-Length: 0x5"]],
		[
			"length and chunks",
			[`Content-Length: ${body.length}`, "Transfer-Encoding: chunked"],
		],
		["an unknown coding", ["Transfer-Encoding: xchunked"]],
		["two codings", ["Transfer-Encoding: gzip, chunked"]],
		["a folded header", [`Content-Length: ${body.length}`, "X-A: b", " c"]],
		["a space before the colon", [`Content-Length: ${body.length}`, "X-A : b"]],
		["NUL in a value", [`Content-Length: ${body.length}`, "X-A: b\u0000c"]],
		[
			"a bare CR in a value",
			[`Content-Length: ${body.length}`, "X-A: b\rX-B: c"],
		],
	];
	for (const [name, lines] of framings) {
		test(`${name}, followed by a smuggled request`, async () => {
			const smuggled = `GET /anthropic/v1/smuggled HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
			const reply = await sendRaw(
				rig.url,
				toRequest({ lines: [`Host: ${host()}`, ...lines] }) + smuggled,
			);
			expect(reply.status === null || reply.status >= 400).toBe(true);
			const targets = rig.simulator.record
				.all()
				.map((one) => one.received.target);
			expect(targets).not.toContain("/v1/smuggled");
		});
	}
	test("a header block beyond the runtime's room is refused (431; Deno says 400)", async () => {
		const reply = await sendRaw(
			rig.url,
			toRequest({
				lines: [`Host: ${host()}`, `X-Big: ${"a".repeat(100_000)}`],
			}),
		);
		expect([431, 400]).toContain(reply.status as number);
	});
	test("an announced body that is too large is refused before it is sent", async () => {
		const reply = await sendRaw(
			rig.url,
			toRequest({
				lines: [`Host: ${host()}`, "Content-Length: 40000000"],
				body: "{",
			}),
		);
		expect(reply.status).toBe(413);
		expect(reply.text).toContain("request_too_large");
	});
	test("a chunked body that grows too large", async () => {
		const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: new ReadableStream({
				pull(controller) {
					controller.enqueue(new Uint8Array(1_000_000).fill(32));
				},
			}),
		}).catch((error: { code?: string }) => error);
		// The answer, or the connection closed under an upload that never ends.
		expect(reply instanceof Response ? reply.status : 413).toBe(413);
		expect(rig.simulator.record.all()).toEqual([]);
	});
	test("a client that closes its sending side counts as gone (Bun 1.4.5 closes the connection)", async () => {
		const script = JSON.stringify({ silent: true });
		await sendRaw(
			rig.url,
			toRequest({
				lines: [`Host: ${host()}`, `x-simulator-script: ${script}`],
				body: body.replace("{", '{"stream":true,'),
			}),
			{ half: true },
		);
		expect(rig.simulator.record.open()).toBeLessThanOrEqual(1);
		await rig.simulator.record.waitUntil(
			() => rig.simulator.record.open() === 0,
		);
	});
	test("a body shorter than announced reaches nobody", async () => {
		const reply = await sendRaw(
			rig.url,
			toRequest({
				lines: [`Host: ${host()}`, `Content-Length: ${body.length + 10}`],
			}),
			{ half: true },
		);
		expect(reply.status === null || reply.status >= 400).toBe(true);
		expect(rig.simulator.record.all()).toEqual([]);
	});
});

describe("bodies", () => {
	const bodies: readonly (readonly [
		string,
		string,
		Record<string, string>,
		number,
	])[] = [
		["not JSON", "hello", {}, 400],
		["trailing data", `${body}{}`, {}, 400],
		["a model twice", body.replace("{", '{"model":"claude-opus-5",'), {}, 400],
		[
			"a model twice, once escaped",
			body.replace("{", '{"mod\\u0065l":"claude-opus-5",'),
			{},
			400,
		],
		[
			"too deep",
			`{"model":"m","messages":${"[".repeat(200)}${"]".repeat(200)}}`,
			{},
			400,
		],
		["an unknown coding", body, { "content-encoding": "rot13" }, 415],
		["not the coding it names", body, { "content-encoding": "gzip" }, 400],
		["credentials twice", body, { "x-api-key": "a, b" }, 400],
	];
	for (const [name, text, headers, status] of bodies) {
		test(name, async () => {
			const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
				method: "POST",
				headers: { "content-type": "application/json", ...headers },
				body: text,
			});
			expect(reply.status).toBe(status);
			const error = (await reply.json()) as {
				type: string;
				error: { message: string };
				request_id: string;
			};
			expect(error.type).toBe("error");
			expect(error.error.message.length).toBeGreaterThan(20);
			expect(error.request_id).toBe(reply.headers.get("request-id") ?? "");
			expect(rig.simulator.record.all()).toEqual([]);
		});
	}
});

describe("pages and proxies in the open mode", () => {
	const foreign: readonly (readonly [
		string,
		Record<string, string>,
		number,
	])[] = [
		["a page of another origin", { origin: "https://evil.example" }, 403],
		["a sandboxed page", { origin: "null" }, 403],
		["a cross-site request", { "sec-fetch-site": "cross-site" }, 403],
		["a proxy in front", { "x-forwarded-for": "10.0.0.1" }, 403],
		["a proxy in front, RFC 7239", { forwarded: "for=10.0.0.1" }, 403],
	];
	for (const [name, headers, status] of foreign) {
		test(name, async () => {
			const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
				method: "POST",
				headers,
				body,
			});
			expect(reply.status).toBe(status);
			expect(rig.simulator.record.all()).toEqual([]);
		});
	}
	test("our own origin", async () => {
		const reply = await fetch(`${rig.url}/healthz`, {
			headers: { origin: rig.url },
		});
		expect(reply.status).toBe(200);
	});
});
