/** What the gateway itself answers, as the SDKs show it. */
import { describe, expect, test } from "bun:test";
import type Sdk from "@anthropic-ai/sdk";
import { sdks } from "./clients.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const maxBodyBytes = 10_000;

const tapped = useTappedRig({
	env: {
		TOLLWAY_MAX_MESSAGES_BODY: String(maxBodyBytes),
		TOLLWAY_FIRST_BYTE_TIMEOUT: "1s",
	},
});

const ask = (client: Sdk, content: string, script?: object) =>
	client.messages.create(
		{
			model: "claude-sonnet-5-5",
			max_tokens: 200,
			messages: [{ role: "user", content }],
		},
		script && { headers: { "x-simulator-script": JSON.stringify(script) } },
	);

const ambiguous = new TextEncoder().encode(
	'{"model":"claude-sonnet-5-5","model":"claude-opus-5-5"}',
);

interface Refusal {
	readonly name: string;
	readonly errorClass: (Client: typeof Sdk) => unknown;
	readonly status: number;
	/** Part of the sentence that the developer reads. */
	readonly says: string;
	readonly key?: string;
	readonly mount?: string;
	/** It had to be asked before it was clear. */
	readonly askedUpstream?: true;
	act(client: Sdk): PromiseLike<unknown>;
}

const refusals: readonly Refusal[] = [
	{
		name: "a wrong gateway key",
		errorClass: ({ AuthenticationError }) => AuthenticationError,
		status: 401,
		says: "not known to Tollway",
		key: "sk-wrong",
		act: (client) => ask(client, "Hello"),
	},
	{
		name: "Anthropic's key instead of the gateway's",
		errorClass: ({ AuthenticationError }) => AuthenticationError,
		status: 401,
		says: "wants its own gateway key",
		key: "sk-ant-api03-own-key-of-the-client",
		act: (client) => ask(client, "Hello"),
	},
	{
		name: "the company's own administration",
		errorClass: ({ PermissionDeniedError }) => PermissionDeniedError,
		status: 403,
		says: "TOLLWAY_ADMIN_API",
		act: (client) => client.get("/v1/organizations/me"),
	},
	{
		name: "a base URL that leads nowhere",
		errorClass: ({ NotFoundError }) => NotFoundError,
		status: 404,
		says: "set ANTHROPIC_BASE_URL to",
		mount: "/claude",
		act: (client) => ask(client, "Hello"),
	},
	{
		name: "a body that means two things",
		errorClass: ({ BadRequestError }) => BadRequestError,
		status: 400,
		says: "`model` occurs twice",
		act: (client) =>
			client.post("/v1/messages", {
				body: ambiguous,
				headers: { "content-type": "application/json" },
			}),
	},
	{
		name: "a body that is too large",
		errorClass: ({ APIError }) => APIError,
		status: 413,
		says: "larger than this gateway takes here",
		act: (client) => ask(client, "long ".repeat(maxBodyBytes)),
	},
	{
		name: "an encoding that cannot be read",
		errorClass: ({ APIError }) => APIError,
		status: 415,
		says: "content-encoding is not supported",
		act: (client) =>
			client.post("/v1/messages", {
				body: ambiguous,
				headers: {
					"content-type": "application/json",
					"content-encoding": "snappy",
				},
			}),
	},
	{
		name: "an upstream that hangs up",
		errorClass: ({ InternalServerError }) => InternalServerError,
		status: 502,
		says: "Nothing is wrong with your request",
		askedUpstream: true,
		act: (client) =>
			ask(client.withOptions({ maxRetries: 0 }), "Hello", {
				reset: "before_head",
			}),
	},
	{
		name: "an upstream that does not answer",
		errorClass: ({ InternalServerError }) => InternalServerError,
		status: 504,
		says: "did not begin to answer within 1",
		askedUpstream: true,
		act: (client) =>
			ask(client.withOptions({ maxRetries: 0 }), "Hello", { silent: true }),
	},
];

describe.each(sdks)("SDK %s", (_, Client) => {
	test.each(refusals)("$name", async (refusal) => {
		const { mount = "/anthropic", key = gatewayKey } = refusal;
		const client = new Client({ baseURL: tapped.url + mount, apiKey: key });
		const failure = await refusal.act(client).then(
			() => "no error",
			(error) => error,
		);
		expect(failure).toBeInstanceOf(refusal.errorClass(Client));
		expect(failure.status).toBe(refusal.status);
		expect(failure.message).toContain(refusal.says);
		expect(failure.requestID).toStartWith("req_tollway_");
		// What cannot get better is not asked again.
		expect(tapped.exchanges()).toHaveLength(1);
		expect(tapped.rig.simulator.record.all()).toHaveLength(
			refusal.askedUpstream ? 1 : 0,
		);
	});
});
