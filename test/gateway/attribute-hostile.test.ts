import { afterAll, describe, expect, test } from "bun:test";
import { readHeaders, serve } from "#platform";
import {
	type Labels,
	maxLabelBytes,
	maxSpendMetadataBytes,
	maxTags,
	noLabels,
} from "../../src/domain/labels.ts";
import { toLabels } from "../../src/gateway/attribute.ts";
import type { Finding } from "../../src/gateway/scan/finding.ts";
import { sendRaw } from "../raw.ts";
import { attribute } from "./attribute-request.ts";

const lost = (counts: Partial<Labels["lost"]>) => ({
	lost: { tags: 0, shortened: 0, ignored: 0, ...counts },
});

/** What is sent, what is kept of it; null: nothing. */
const texts: [string, string, string | null][] = [
	["NUL", "a\0b", "ab"],
	["line ends", "a\r\nb\u0085c\u2028d\u2029e\n", "a b c d e"],
	["tabs", "\ta\t\vb\0\fc", "a b c"],
	["an escape sequence of a terminal", "\x1b[31mred\x9b0m", "[31mred0m"],
	["delete", "a\x7fb", "ab"],
	["bidirectional marks", "\u202eabc\u202c\u2066d\u2069\u200f", "abcd"],
	["marks that nobody sees", "\ufeffa\u200bd\u2060min\u{e0041}", "admin"],
	["halves of characters", "a\ud800b\udc00", "a\ufffdb\ufffd"],
	["halves that a mark had parted", "\ud83d\u200d\ude00", "\ufffd\ufffd"],
	["a whole character", "\ud83d\ude00", "😀"],
	["blanks at its ends", " \u3000a b\u00a0\t", "a b"],
	["a blank behind a mark", "a \u200b", "a"],
	["marks alone", "\0\u200b \u202e", null],
	["the name of a prototype", "__proto__", "__proto__"],
	["a formula", "=1+1", "=1+1"],
	["a quotation", `'"); DROP TABLE x;--`, `'"); DROP TABLE x;--`],
];

describe("a label of", () => {
	test.each(texts)("%s", (_what, sent, kept) => {
		const found = attribute({
			body: {
				user: sent,
				tags: [sent],
				litellm_session_id: sent,
				metadata: {
					user_id: JSON.stringify({ device_id: sent, account_uuid: sent }),
				},
			},
		});
		const tags = kept === null ? [] : [kept];
		expect(found).toEqual({
			...noLabels,
			endUser: kept,
			tags,
			sessionId: kept,
			deviceId: kept,
			accountId: kept,
		});
	});
});

describe("a long label", () => {
	const limits: [string, string, string][] = [
		["at the limit", "a".repeat(maxLabelBytes), "a".repeat(maxLabelBytes)],
		["over it", "a".repeat(maxLabelBytes + 1), "a".repeat(maxLabelBytes)],
		["of two bytes each", "é".repeat(129), "é".repeat(128)],
		["of three", `a${"€".repeat(86)}`, `a${"€".repeat(85)}`],
		["of four", `ab${"😀".repeat(64)}`, `ab${"😀".repeat(63)}`],
		["cut before a word", `${"a".repeat(255)} b`, "a".repeat(255)],
		["of much that is removed", `${"\0".repeat(999)}a`, "a"],
	];
	test.each(limits)("%s", (_what, user, endUser) => {
		const cut = user.replaceAll("\0", "") !== endUser;
		expect(attribute({ body: { user } })).toEqual({
			...noLabels,
			endUser,
			...(cut && lost({ shortened: 1 })),
		});
	});
});

test("ten thousand tags", () => {
	const tags = Array.from({ length: 10_000 }, (_, i) => i);
	const found = attribute({
		body: { tags, litellm_metadata: { tags: ["b"] } },
	});
	const kept = ["b", ...tags.slice(0, maxTags - 1).map(String)];
	expect(found.tags).toEqual(kept);
	expect(found.lost).toEqual(lost({ tags: 10_000 - maxTags + 1 }).lost);
	const alike = attribute({ body: { tags: Array(10_000).fill("a") } });
	expect(alike).toEqual({ ...noLabels, tags: ["a"] });
});

test("values of a megabyte", () => {
	const text = "é".repeat(2 ** 20);
	const json = JSON.stringify({ text });
	const found = (slot: Finding["slot"], value: unknown) =>
		({ slot, value, start: 0, end: 0, parent: 0 }) as Finding;
	const labels = toLabels(
		{
			"x-litellm-tags": `${text},b`,
			"x-litellm-session-id": text,
			"x-litellm-agent-id": text,
			"x-litellm-spend-logs-metadata": json,
			"user-agent": `curl/8.5.0 ${text}`,
		},
		[found("body.user", text), found("call.metadata", { user_id: json })],
	);
	const cut = "é".repeat(maxLabelBytes / 2);
	expect(labels).toEqual({
		...noLabels,
		tags: [cut, "b"],
		endUser: cut,
		sessionId: cut,
		agentId: cut,
		userAgent: `curl/8.5.0 ${"é".repeat(122)}`,
		client: "curl/8.5.0",
		...lost({ shortened: 5, ignored: 1 }),
	});
});

describe("a client cannot say who it is", () => {
	const claims = {
		api_key: "sk-1",
		key_alias: "finance",
		user_api_key:
			"88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
		user_api_key_alias: "finance",
		user_api_key_user_id: "boss",
		user_api_key_team_id: "t",
		user_api_key_org_id: "o",
		user_api_key_end_user_id: "e",
		user_id: "boss",
		team_id: "t",
		organization_id: "o",
		agent_id: "a",
		payer: "client",
		response_cost: 0,
		input_cost_per_token: 0,
		lost: null,
		client: "curl/1",
		userAgent: "x",
	};
	const headers = {
		"x-litellm-user-id": "boss",
		"x-litellm-team-id": "t",
		"x-litellm-key-alias": "finance",
		"x-litellm-call-id": "1",
		"x-litellm-response-cost": "0",
		"x-request-id": "1",
	};
	test("by the names that the gateway uses", () => {
		const body = {
			...claims,
			litellm_call_id: "1",
			litellm_metadata: { ...claims, tags: ["a"], user: "u" },
			metadata: { ...claims, user_id: "n" },
		};
		expect(attribute({ headers, body })).toEqual({
			...noLabels,
			tags: ["a"],
			endUser: "u",
		});
	});

	test("within spend metadata such names stay where they are", () => {
		const body = { litellm_metadata: { spend_logs_metadata: claims } };
		expect(attribute({ body })).toEqual({
			...noLabels,
			spendMetadata: JSON.stringify(claims),
		});
	});
});

describe("names that every object has", () => {
	const inherited = `{"__proto__":{"user":"u","tags":["t"]},"constructor":{"user":"u"}}`;

	test("as members", () => {
		const body = { litellm_metadata: inherited, metadata: inherited };
		expect(attribute({ body })).toEqual(noLabels);
	});

	test("in spend metadata", () => {
		const member = `{"a":{"__proto__":{"admin":true},"constructor":1},"toJSON":2}`;
		const { spendMetadata } = attribute({
			headers: { "x-litellm-spend-logs-metadata": member },
		});
		expect(spendMetadata).toBe(`{"a":{"constructor":1},"toJSON":2}`);
	});

	for (const name of ["constructor", "__proto__", "toString"]) {
		test(`as the header of the end user: ${name}`, () => {
			expect(attribute({}, name)).toEqual(noLabels);
		});
	}
});

describe("spend metadata", () => {
	const stringify = (value: unknown) =>
		attribute({
			body: { litellm_metadata: { spend_logs_metadata: value } },
		});

	test("is one line, and fit for a database's JSON", () => {
		const { spendMetadata } = stringify({
			"a\0\n": "\u202e\u2028\x85\x7f\ud800\u{e0041}",
			b: String.raw`\u0000 \ud800 \n`,
		});
		expect(spendMetadata).toBe(
			'{"a\ufffd\\n":"\\u202e\\u2028\\u0085\\u007f\ufffd\\udb40\\udc41","b":"\\\\u0000 \\\\ud800 \\\\n"}',
		);
	});

	test("at its limit, and over it", () => {
		const text = "é".repeat((maxSpendMetadataBytes - `{"a":""}`.length) / 2);
		const whole = stringify({ a: text });
		expect(whole.spendMetadata).toBe(JSON.stringify({ a: text }));
		expect(whole.lost).toBeNull();
		expect(stringify({ a: `${text}b` })).toEqual({
			...noLabels,
			...lost({ ignored: 1 }),
		});
	});

	test("nested without end", () => {
		const deep = `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
		expect(stringify(deep)).toEqual({ ...noLabels, ...lost({ ignored: 1 }) });
	});
});

describe("headers as they come over the wire", async () => {
	const found: Labels[] = [];
	const server = await serve({
		hostname: "127.0.0.1",
		port: 0,
		maxRequestBodyBytes: 0,
		idleTimeoutSeconds: 5,
		onError: () => new Response("no", { status: 500 }),
		handle: (request) => {
			found.push(toLabels(readHeaders(request.headers), []));
			return new Response("ok");
		},
	});
	afterAll(() => server.stop(true));

	test("decoded already", () => {
		expect(toLabels({ tags: "Ł" }, []).tags).toEqual(["Ł"]);
	});

	const lines: [string, Uint8Array, Partial<Labels>][] = [
		["in UTF-8", Buffer.from("tags: Zoë, 😀ß"), { tags: ["Zoë", "😀ß"] }],
		["in Latin-1", Buffer.from("tags: Zoë", "latin1"), { tags: ["Zoë"] }],
		["sent twice", Buffer.from("tags: a\r\nTags: b,a"), { tags: ["a", "b"] }],
		[
			"named as a prototype",
			Buffer.from("__proto__: a\r\ntags: b"),
			{ tags: ["b"] },
		],
	];
	test.each(lines)("%s", async (_what, line, labels) => {
		found.length = 0;
		const head = Buffer.from(
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
		);
		const end = Buffer.from("\r\n\r\n");
		const { status } = await sendRaw(
			server.url,
			Buffer.concat([head, line, end]),
		);
		expect(status).toBe(200);
		expect(found).toEqual([{ ...noLabels, ...labels }]);
	});
});
