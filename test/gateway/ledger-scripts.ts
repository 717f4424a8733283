/** Random calls of every kind, whose outcome depends on nothing but themselves. */
import fc from "fast-check";
import type { Script } from "../../src/simulator/script.ts";
import { type LedgerRig, readAll, send, type TestCall } from "../ledger-rig.ts";

export const gatewayKey = "sk-gateway-key-of-the-callers-0123456789";

/** What the two gateways of a comparison are set to. */
export const scriptEnv = {
	TOLLWAY_MASTER_KEY: gatewayKey,
	// Otherwise addresses in replies have a port in them.
	TOLLWAY_PUBLIC_URL: "https://gateway.example",
	TOLLWAY_BODY_HASH: "on",
};

export interface Step extends TestCall {
	/** The client leaves when the first event has come. */
	readonly leaves?: true;
	/** Nobody knows who calls. */
	readonly unknown?: true;
}

const authorization = `Bearer ${gatewayKey}`;

/** Resolves with the call id when the reply has ended; null where there was none. */
export async function runStep(
	rig: LedgerRig,
	step: Step,
): Promise<string | null> {
	const leaving = new AbortController();
	const reply = await send(rig.url, {
		...step,
		headers: { ...(!step.unknown && { authorization }), ...step.headers },
		signal: leaving.signal,
	});
	const id = reply.headers.get("x-litellm-call-id");
	if (step.leaves) {
		await reply.body?.getReader().read();
		leaving.abort();
	} else await readAll(reply);
	// The order of the rows is that of the steps.
	if (!step.unknown) await rig.entryOf(id);
	return id;
}

const models = fc.constantFrom(
	"claude-sonnet-5-5",
	"claude-haiku-5-5",
	"claude-opus-5-5",
	"claude-opus-5",
	"claude-sonnet-4-5-20250929",
);
const scenario = fc.constantFrom(
	undefined,
	"compaction",
	"advisor",
	"fallback",
	"refusal",
	"cache_mix",
	"priority",
	"hidden_thinking",
	"everything",
);
const label = fc.constantFrom("a", "b", "Zoë 🦊", "x".repeat(300), "1");
const labels = fc.array(label, { maxLength: 4 });
const count = fc.integer({ min: 0, max: 200_000 });

/** Where a client may say whose call it is. */
const said = fc.record(
	{
		metadata: fc.record(
			{
				tags: labels,
				user: label,
				trace_id: label,
				spend_logs_metadata: fc.dictionary(label, fc.integer(), { maxKeys: 3 }),
				user_api_key: label,
			},
			{ requiredKeys: [] },
		),
		tags: labels,
		customer: fc.constantFrom("customer-1", "customer-2"),
		session: fc.uuid(),
		claudeCode: fc.boolean(),
	},
	{ requiredKeys: [] },
);

const device = "d".repeat(64);

const labelled = said.map(
	({ metadata, tags, customer, session, claudeCode }) => ({
		headers: {
			...(tags?.length && {
				"x-litellm-tags": encodeURIComponent(tags.join(",")),
			}),
			...(customer && { "x-litellm-customer-id": customer }),
			...(session && { "x-claude-code-session-id": session }),
			...(claudeCode && {
				"user-agent": "claude-cli/2.1.330 (external, sdk-cli)",
				"x-claude-code-agent-id": "agent-1",
			}),
		},
		body: {
			...(metadata && { litellm_metadata: metadata }),
			...(claudeCode &&
				session && {
					metadata: {
						user_id: JSON.stringify({
							device_id: device,
							account_uuid: "",
							session_id: session,
						}),
					},
				}),
		},
	}),
);

const usage = fc.record(
	{
		input_tokens: count,
		output_tokens: count,
		cache_read_input_tokens: count,
		inference_geo: fc.constantFrom("global", "us", "not_available"),
		service_tier: fc.constantFrom("standard", "priority", "batch"),
		server_tool_use: fc.record({
			web_search_requests: fc.integer({ min: 0, max: 9 }),
			web_fetch_requests: fc.integer({ min: 0, max: 9 }),
		}),
	},
	{ requiredKeys: [] },
);

const odd = fc.constantFrom<Record<string, unknown>>(
	{ input_tokens: -5 },
	{ input_tokens: 1.5 },
	{ output_tokens: 1e15 },
	{ output_tokens: "many" },
	{ cache_creation_input_tokens: 7, cache_creation: null },
);

const split = fc.integer({ min: 0, max: 1_000 }).map((seed) => ({ seed }));

/** How upstream answers, of its own accord. */
const answer: fc.Arbitrary<Script> = fc.oneof(
	{ weight: 3, arbitrary: usage.map((part) => ({ message: { usage: part } })) },
	{ weight: 2, arbitrary: scenario.map((name) => ({ scenario: name })) },
	{ weight: 1, arbitrary: odd.map((part) => ({ message: { usage: part } })) },
	{
		weight: 1,
		arbitrary: fc
			.constantFrom(400, 401, 404, 413, 429, 500, 529)
			.map((status) => ({ error: { status } })),
	},
	{
		weight: 1,
		arbitrary: fc.constant<Script>({ reset: "before_head" }),
	},
);

const messages = fc.record({
	path: fc.constantFrom("/v1/messages", "/anthropic/v1/messages?beta=true"),
	model: models,
	stream: fc.boolean(),
	said: labelled,
	script: answer,
	split,
	maxTokens: fc.integer({ min: 1, max: 4_096 }),
});

const toMessages = messages.map(
	({ path, model, stream, said: { headers, body }, ...rest }): Step => ({
		path,
		headers,
		body: { ...body, model, stream, max_tokens: rest.maxTokens },
		script: stream ? { ...rest.script, split: rest.split } : rest.script,
	}),
);

const cutStreams = fc
	.record({ said: labelled, events: fc.integer({ min: 1, max: 9 }) })
	.map(
		({ said: { headers, body }, events }): Step => ({
			headers,
			body: { ...body, stream: true },
			script: { repeat_events: 6, error_event: { after_events: events } },
		}),
	);

const left = labelled.map(
	({ headers, body }): Step => ({
		headers,
		body: { ...body, stream: true },
		script: { event_delay_ms: 600_000 },
		leaves: true,
	}),
);

const chat = fc
	.record({ said: labelled, stream: fc.boolean(), counted: fc.boolean() })
	.map(
		({ said: { headers, body }, stream, counted }): Step => ({
			path: "/v1/chat/completions",
			headers,
			body: {
				...body,
				stream,
				...(stream && counted && { stream_options: { include_usage: true } }),
			},
		}),
	);

const boundary = "tollway";
const upload = [
	`--${boundary}`,
	'content-disposition: form-data; name="file"; filename="a.txt"',
	"content-type: text/plain",
	"",
	"All roads lead to tolls.",
	`--${boundary}--`,
	"",
].join("\r\n");

const batch = {
	requests: ["a", "b"].map((id) => ({
		custom_id: id,
		params: {
			model: "claude-sonnet-5-5",
			max_tokens: 5,
			messages: [{ role: "user", content: "hi" }],
		},
	})),
};

/** Calls without anything to vary. */
const fixed = fc.constantFrom<Step>(
	{ body: "{" },
	{ body: '{"model":"claude-sonnet-5-5","model":"claude-haiku-5-5"}' },
	{ path: "/v1/models", method: "GET", body: null },
	{ path: "/v1/organizations/me", method: "GET", body: null },
	{ path: "/v1/later/things", method: "GET", body: null },
	{
		path: "/v1/messages/count_tokens",
		body: JSON.stringify({
			model: "claude-opus-5",
			messages: [{ role: "user", content: "hi" }],
		}),
	},
	{ path: "/v1/messages/batches", body: JSON.stringify(batch) },
	{
		path: "/v1/files",
		headers: {
			"content-type": `multipart/form-data; boundary=${boundary}`,
			"anthropic-beta": "files-api-2025-04-14",
		},
		body: upload,
	},
	{ body: { model: "claude-opus-99" } },
	{ unknown: true },
	{ unknown: true, headers: { "x-api-key": "sk-guessed" } },
);

export const steps: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 12, arbitrary: toMessages },
	{ weight: 2, arbitrary: cutStreams },
	{ weight: 1, arbitrary: left },
	{ weight: 2, arbitrary: chat },
	{ weight: 3, arbitrary: fixed },
);
