import { describe, expect, test } from "bun:test";
import { type Labels, noLabels } from "../../src/domain/labels.ts";
import { attribute, type Request } from "./attribute-request.ts";

interface Scenario extends Request {
	title: string;
	labels: Partial<Labels>;
}

const hash = "0f".repeat(32);
const account = "6f1c6f0e-1111-4a4a-8b8b-123456789abc";
const session = "e96634a3-fa28-4083-b354-55542e2dca01";
const newerBlob = (account_uuid: string) =>
	JSON.stringify({ device_id: hash, account_uuid, session_id: session });

const scenarios: Scenario[] = [
	{ title: "nothing said", labels: {} },
	{
		title: "LiteLLM's own example",
		body: {
			model: "claude-3-5-sonnet-20241022",
			messages: [{ role: "user", content: "Hello, world" }],
			litellm_metadata: {
				tags: ["test-tag-1", "test-tag-2"],
				user: "test-user",
			},
		},
		labels: { tags: ["test-tag-1", "test-tag-2"], endUser: "test-user" },
	},
	{
		title: "tags: body first, then headers; trimmed, no blanks, no doubles",
		headers: { tags: " d ,b", "x-litellm-tags": "e,, d," },
		body: { litellm_metadata: { tags: ["a", " ", "b "] }, tags: ["c", "a"] },
		labels: { tags: ["a", "b", "c", "d", "e"] },
	},
	{
		title: "tags of the body: a list keeps its commas, a text is split there",
		body: { litellm_metadata: { tags: ["a,b"] }, tags: "c, d" },
		labels: { tags: ["a,b", "c", "d"] },
	},
	{
		title: "litellm_metadata as the text of an object",
		body: {
			litellm_metadata: `{"tags":["a"],"user":"u","session_id":"s","spend_logs_metadata":{"b":1}}`,
		},
		labels: {
			tags: ["a"],
			endUser: "u",
			sessionId: "s",
			spendMetadata: `{"b":1}`,
		},
	},
	{
		title: "numbers become text",
		body: { user: 42, tags: [1, -0.5], litellm_session_id: 0 },
		labels: { tags: ["1", "-0.5"], endUser: "42", sessionId: "0" },
	},
	{
		title: "blanks and nulls are not there, the next place counts",
		headers: { "x-litellm-customer-id": " ", "x-litellm-trace-id": "" },
		body: {
			user: null,
			litellm_metadata: { user: "\t\n", session_id: null, trace_id: "t" },
			metadata: { user_id: "opaque" },
		},
		labels: { endUser: "opaque", sessionId: "t" },
	},
	{
		title: "a wrong type is ignored, the next place counts",
		body: {
			user: { id: 1 },
			tags: [["a"], {}, true, "b"],
			litellm_metadata: { user: "u", spend_logs_metadata: ["no object"] },
			metadata: 7,
		},
		labels: {
			tags: ["b"],
			endUser: "u",
			lost: { tags: 0, shortened: 0, ignored: 6 },
		},
	},
	{
		title: "a number whose last digits are lost is nobody's id",
		body: { user: 2 ** 53, safety_identifier: "s" },
		labels: {
			endUser: "s",
			lost: { tags: 0, shortened: 0, ignored: 1 },
		},
	},
	{
		title: "metadata as the text of an object",
		body: { metadata: `{"user_id":"u"}` },
		labels: { endUser: "u" },
	},
	{
		title: "Claude Code, its older user_id",
		body: {
			metadata: {
				user_id: `user_${hash}_account_${account}_session_${session}`,
			},
		},
		labels: { deviceId: hash, accountId: account, sessionId: session },
	},
	{
		title: "Claude Code, its older user_id without an account",
		body: {
			metadata: { user_id: `user_${hash}_account__session_${session}` },
		},
		labels: { deviceId: hash, sessionId: session },
	},
	{
		title: "Claude Code, its newer user_id",
		body: { metadata: { user_id: newerBlob(account) } },
		labels: { deviceId: hash, accountId: account, sessionId: session },
	},
	{
		title: "Claude Code, a subagent's subagent: the headers",
		headers: {
			"User-Agent": "claude-cli/2.1.330 (external, sdk-cli)",
			"X-Claude-Code-Session-Id": session,
			"X-Claude-Code-Agent-Id": "agent-2",
			"X-Claude-Code-Parent-Agent-Id": "agent-1",
			"X-Stainless-Lang": "js",
			"X-Stainless-Package-Version": "1.12.0",
		},
		body: { metadata: { user_id: newerBlob("") } },
		labels: {
			deviceId: hash,
			sessionId: session,
			agentId: "agent-2",
			parentAgentId: "agent-1",
			userAgent: "claude-cli/2.1.330 (external, sdk-cli)",
			client: "claude-code/2.1.330",
		},
	},
	{
		title: "Claude Code with an end user of the operator's choice",
		headers: { "x-litellm-end-user-id": "ada@example.com" },
		body: { metadata: { user_id: newerBlob("") } },
		labels: {
			endUser: "ada@example.com",
			deviceId: hash,
			sessionId: session,
		},
	},
	{
		title: "a user_id that only looks like Claude Code's is somebody's id",
		body: { metadata: { user_id: "user_12_account_x_session_y" } },
		labels: { endUser: "user_12_account_x_session_y" },
	},
	{
		title: "a user_id with a brace that is no JSON",
		body: { metadata: { user_id: "{ada}" } },
		labels: { endUser: "{ada}" },
	},
	{
		title: "a user_id that is the JSON of another program",
		body: { metadata: { user_id: `{"id":"ada"}` } },
		labels: { endUser: `{"id":"ada"}` },
	},
	{
		title: "spend metadata: made compact, its order kept",
		headers: {
			"x-litellm-spend-logs-metadata": ` { "b" : [ 1 ] , "a" : "ü" } `,
		},
		labels: { spendMetadata: `{"b":[1],"a":"ü"}` },
	},
	{
		title: "spend metadata: what is no object is ignored",
		headers: { "x-litellm-spend-logs-metadata": "{a" },
		body: { litellm_metadata: { spend_logs_metadata: { kept: true } } },
		labels: {
			spendMetadata: `{"kept":true}`,
			lost: { tags: 0, shortened: 0, ignored: 1 },
		},
	},
	{
		title: "a header that came twice: its tags are all there",
		headers: { tags: "a, b", "x-litellm-tags": "b, c" },
		labels: { tags: ["a", "b", "c"] },
	},
	{
		title: "a session of another vendor: eight characters or more",
		headers: {
			"x-zeta-session-id": "session_z",
			"x-beta-session-id": "session-b",
			"x-alpha-session-id": "short",
			"x-gamma-session-id": "session-g",
		},
		labels: { sessionId: "session-b" },
	},
	{
		title: "a session of no vendor",
		headers: {
			"session-id": "session-1",
			"x-session-id": "session-2",
			"y-acme-session-id": "session-3",
			"x-acme-session-id": "session 4",
			"x-acme-session-id-2": "session-5",
		},
		labels: {},
	},
];

test.each(scenarios)("$title", ({ labels, ...request }) => {
	expect(attribute(request)).toEqual({ ...noLabels, ...labels });
});

/** Per label its places, strongest first; each says its own rank. */
const orders: Record<string, (rank: string) => Request[]> = {
	endUser: (rank): Request[] => [
		{ headers: { "x-litellm-customer-id": rank } },
		{ headers: { "x-litellm-end-user-id": rank } },
		{ headers: { "x-operators-choice": rank } },
		{ body: { user: rank } },
		{ body: { litellm_metadata: { user: rank } } },
		{ body: { metadata: { user_id: rank } } },
		{ body: { safety_identifier: rank } },
	],
	sessionId: (rank): Request[] => [
		{ headers: { "x-litellm-trace-id": rank } },
		{ headers: { "x-litellm-session-id": rank } },
		{ headers: { "x-claude-code-session-id": rank } },
		{ headers: { "x-acme-session-id": rank } },
		{ body: { litellm_session_id: rank } },
		{ body: { litellm_trace_id: rank } },
		{ body: { litellm_metadata: { session_id: rank } } },
		{ body: { litellm_metadata: { trace_id: rank } } },
		{ body: { metadata: { user_id: JSON.stringify({ session_id: rank }) } } },
	],
	agentId: (rank): Request[] => [
		{ headers: { "x-litellm-agent-id": rank } },
		{ headers: { "x-claude-code-agent-id": rank } },
	],
	spendMetadata: (rank): Request[] => [
		{ headers: { "x-litellm-spend-logs-metadata": `{"is":"${rank}"}` } },
		{ body: { litellm_metadata: { spend_logs_metadata: { is: rank } } } },
	],
};

describe("which place wins", () => {
	for (const [label, toPlaces] of Object.entries(orders)) {
		const count = toPlaces("").length;
		for (let first = 0; first < count; first++) {
			test(`${label}: place ${first + 1} of ${count}`, () => {
				const places = Array.from({ length: count - first }, (_, i) => {
					const place = toPlaces(`rank-no-${first + i}`)[first + i];
					return place as Request;
				});
				const found = attribute(merge(places), "x-operators-choice");
				expect(String(found[label as keyof Labels])).toContain(
					`rank-no-${first}`,
				);
			});
		}
	}
});

/** One request that says all of it. */
function merge(requests: readonly Request[]): Request {
	const headers: Record<string, string> = {};
	const body: Record<string, unknown> = {};
	for (const request of requests) {
		Object.assign(headers, request.headers);
		for (const [name, value] of Object.entries(request.body ?? {})) {
			body[name] =
				typeof value === "object"
					? { ...value, ...(body[name] as object) }
					: value;
		}
	}
	return { headers, body };
}

/** User agent, SDK language, SDK version → program. */
const programs = [
	["claude-cli/2.1.330 (external, cli)", "js", "0.60.0", "claude-code/2.1.330"],
	["claude-code/2.1.330", null, null, "claude-code/2.1.330"],
	["Anthropic/JS 1.12.0", "js", "1.12.0", "Anthropic-JS/1.12.0"],
	["Anthropic/Python 0.80.0", null, null, "Anthropic-Python/0.80.0"],
	["AsyncAnthropic/Python 0.80.0", null, null, "Anthropic-Python/0.80.0"],
	["OpenAI/JS 6.1.0", "js", "6.1.0", "OpenAI-JS/6.1.0"],
	[
		"ai-sdk/anthropic/4.0.105 runtime/bun",
		null,
		null,
		"ai-sdk-anthropic/4.0.105",
	],
	["curl/8.5.0", null, null, "curl/8.5.0"],
	["curl/8.5.0\tlibcurl", null, null, "curl/8.5.0"],
	["Mozilla/5.0 (X11; Linux x86_64)", "js", "1.12.0", "sdk-js/1.12.0"],
	["Mozilla/5.0 (X11; Linux x86_64)", "js", null, "Mozilla/5.0"],
	["my service", "python", "0.80.0", "sdk-python/0.80.0"],
	["my service", "py thon", "0.80.0", null],
	["my service", null, null, null],
	["=cmd|'/c calc'!A1", null, null, null],
] as const;

test.each(programs)(
	"the program of %p, SDK %p %p",
	(agent, lang, version, client) => {
		const headers = {
			"user-agent": agent,
			...(lang && { "x-stainless-lang": lang }),
			...(version && { "x-stainless-package-version": version }),
		};
		expect(attribute({ headers }).client).toBe(client);
	},
);
