import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import {
	countTokensFields,
	messageFields,
} from "../../src/simulator/fields.ts";
import { routes } from "../../src/simulator/routes.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { headers, toBody } from "./requests.ts";

const simulator = await openSimulator();
afterAll(() => simulator.stop());

const json = fc.jsonValue({ maxDepth: 3 });
const oddBlock = fc.oneof(
	json,
	fc.record({
		type: fc.constantFrom("text", "tool_result", "image", "document", 7),
		text: json,
		source: json,
		cache_control: json,
	}),
);
const oddMessages = fc.array(
	fc.oneof(
		json,
		fc.record({ role: json, content: fc.oneof(json, fc.array(oddBlock)) }),
	),
);
const oddTools = fc.array(
	fc.oneof(
		json,
		fc.record({
			name: fc.constantFrom("Hello", 1, null),
			type: fc.constantFrom("web_search_20250305", "custom", 3, undefined),
			input_schema: json,
			function: json,
		}),
	),
);

/** A request with some members gone odd, and a member that may belong to no endpoint. */
const oddRequest = fc.record(
	{
		messages: oddMessages,
		tools: oddTools,
		tool_choice: fc.oneof(json, fc.constant({ type: "any" })),
		system: fc.oneof(json, fc.array(oddBlock)),
		thinking: fc.oneof(json, fc.constant({ type: "adaptive" })),
		stop_sequences: json,
		output_config: json,
		max_tokens: fc.oneof(json, fc.integer()),
		stream: json,
		requests: fc.array(fc.record({ custom_id: json, params: json })),
		events: json,
		agent: json,
		environment_id: json,
		prompt: json,
		name: json,
	},
	{ requiredKeys: [] },
);

const posts = routes
	.filter(([method]) => method === "POST")
	.map(([, path]) => path.replace(/\{\w+\}/g, "some_01"));

test("no body, however odd, makes the simulator fail", async () => {
	const request = fc.record({
		path: fc.constantFrom("/v1/messages", "/v1/messages", ...posts),
		change: oddRequest,
		beta: fc.boolean(),
	});
	await fc.assert(
		fc.asyncProperty(request, async ({ path, change, beta }) => {
			const reply = await fetch(
				`${simulator.url}${path}${beta ? "?beta=true" : ""}`,
				{ method: "POST", headers, body: toBody(change) },
			);
			const text = await reply.text();
			expect(`${reply.status} ${text}`).not.toMatch(/^5|"api_error"/);
		}),
		{
			numRuns: 400,
			examples: [
				[
					{
						path: "/v1/sessions",
						change: { agent: [], environment_id: { toString: {} } },
						beta: false,
					},
				],
			],
		},
	);
});

test("every member of the field tables is either taken or refused by name", async () => {
	for (const name of Object.keys({ ...messageFields, ...countTokensFields })) {
		const reply = await fetch(`${simulator.url}/v1/messages`, {
			method: "POST",
			headers,
			body: toBody({ [name]: { odd: true } }),
		});
		const text = await reply.text();
		if (reply.status !== 200) expect(text).toContain(name);
	}
});

test("every route answers without a key with the API's 401, but the open ones", async () => {
	for (const [method, path, , { access }] of routes) {
		const url = simulator.url + path.replace(/\{\w+\}/g, "some_01");
		const reply = await fetch(url, { method });
		await reply.arrayBuffer();
		expect(reply.status).toBe(access === "anyone" ? 200 : 401);
	}
});
