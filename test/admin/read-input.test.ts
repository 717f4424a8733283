/** What a managed route is handed, whatever the client calls its body and however it writes its query. */
import { afterAll, expect, test } from "bun:test";
import { Hono } from "hono";
import { z } from "zod";
import { flag, text } from "../../src/admin/read-input.ts";
import { addRoutes, defineRoute } from "../../src/admin/route.ts";
import { GatewayError } from "../../src/domain/error.ts";
import { toErrorReply } from "../../src/gateway/error-reply.ts";
import type { RequestHeaders } from "../../src/platform/contract.ts";
import { sendRaw } from "../raw.ts";

const echo = async ({ body, query, params }: object & Partial<Asked>) => ({
	body,
	query,
	params,
});
interface Asked {
	readonly body: unknown;
	readonly query: unknown;
	readonly params: unknown;
}

const name = text.optional();
const app = new Hono<{ Bindings: { headers: RequestHeaders } }>();
app.onError((error, c) =>
	error instanceof GatewayError
		? toErrorReply(error, "0-0", "management")
		: c.text(String(error), 500),
);
addRoutes(
	app,
	[
		defineRoute({
			method: "POST",
			path: "/echo/:id",
			summary: "Says what it was asked",
			for: "operator",
			body: z.object({ name, count: z.int().optional() }, "must be an object"),
			query: z.object({ name, wide: flag.default(false) }),
			answer: echo,
		}),
	],
	{ requireOperator: () => {}, readOwnKey: () => null },
);
const server = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch: (request) => app.fetch(request, { headers: {} }),
});
afterAll(() => server.stop(true));

const ask = async (
	body: string | undefined,
	headers: Record<string, string> = {},
	query = "",
) => {
	const reply = await fetch(`${server.url}echo/1${query}`, {
		method: "POST",
		headers,
		...(body !== undefined && { body }),
	});
	return { status: reply.status, body: await reply.json() };
};

test.each([
	undefined,
	"application/json",
	"application/json; charset=utf-8",
	"application/x-www-form-urlencoded", // curl -d
	"text/plain",
	"multipart/form-data", // without its boundary
	"nonsense",
])("a body is JSON, sent as %p", async (type) => {
	const answer = await ask(
		'{"name":"ada"}',
		type ? { "content-type": type } : {},
	);
	expect(answer.status).toBe(200);
	expect(answer.body.body).toEqual({ name: "ada" });
});

test("a body without any content-type, and one in chunks", async () => {
	for (const [head, body] of [
		["content-length: 14", '{"name":"ada"}'],
		["transfer-encoding: chunked", 'e\r\n{"name":"ada"}\r\n0\r\n\r\n'],
	]) {
		const reply = await sendRaw(
			String(server.url),
			`POST /echo/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head}\r\n\r\n${body}`,
		);
		expect(reply.text).toContain('"body":{"name":"ada"}');
	}
});

test.each([
	["", "The body must be JSON.", null],
	[undefined, "The body must be JSON.", null],
	["{", "The body must be JSON.", null],
	["name=ada", "The body must be JSON.", null],
	["[]", "must be an object.", null],
	["null", "must be an object.", null],
	['{"name":""}', "name: must not be empty.", "name"],
	['{"name":7}', "name: must be one text.", "name"],
	['{"name":"\\ud800"}', "name: must be well-formed text.", "name"],
])("400 for the body %p", async (body, message, param) => {
	const answer = await ask(body, {
		"content-type": "application/json",
	});
	expect(answer.status).toBe(400);
	expect(answer.body.error).toEqual({
		type: "invalid_request_error",
		message,
		param,
		code: "400",
	});
});

test("400 for a body that is nested deeper than a reader can go", async () => {
	const { status, body } = await ask("[".repeat(200_000));
	expect(status).toBe(400);
	expect(body.error.message).toBe("The body must be JSON.");
});

test("413 for a body over the limit, told or in chunks", async () => {
	const long = `{"name":"${"x".repeat(4 * 1024 * 1024)}"}`;
	expect((await ask(long)).status).toBe(413);
	const reply = await fetch(`${server.url}echo/1`, {
		method: "POST",
		body: new Response(long).body,
	});
	expect(reply.status).toBe(413);
});

test.each([
	["", {}],
	["?name=", {}],
	["?name=a&name=b", { name: "a" }],
	["?name=&name=b", {}],
	["?name=a+b%20c&unknown=1", { name: "a b c" }],
	["?wide=True", { wide: true }],
	["?wide=", {}],
	["?__proto__=1&constructor=2", {}],
])("the query %p", async (query, wanted) => {
	const answer = await ask("{}", {}, query);
	expect(answer).toEqual({
		status: 200,
		body: { body: {}, query: { wide: false, ...wanted }, params: { id: "1" } },
	});
});

test("400 for a query that does not fit, and the body comes first", async () => {
	const wrong = await ask("{}", {}, "?wide=maybe");
	expect(wrong.body.error.message).toBe("wide: must be true or false.");
	const both = await ask('{"count":1.5}', {}, "?wide=maybe");
	expect(both.body.error.message).toStartWith("count: ");
});
