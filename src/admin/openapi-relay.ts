/** The relay's routes in the API's description: what crosses is Anthropic's to describe, what we add and read is ours. */
import type { JsonSchema } from "./json-schema.ts";
import type {
	Method,
	Operation,
	Parameter,
	PathItem,
	Tag,
} from "./openapi-document.ts";

export const relayTag: Tag = {
	name: "Relay",
	description:
		"Anthropic's API, byte for byte, streaming included. The gateway key goes where Anthropic's clients put theirs: `x-api-key` or `Authorization: Bearer …`.",
};

interface Mount {
	readonly path: string;
	readonly id: string;
	readonly summary: string;
	readonly description: string;
	readonly example: string;
}

const mounts: readonly Mount[] = [
	{
		path: "/anthropic/{endpoint}",
		id: "anthropic",
		summary: "Anthropic's API, for base URLs that end with `/anthropic`",
		description:
			"Whatever stands behind `/anthropic/` is passed through as it is: method, query, body and reply. Paths that Tollway does not know are passed through as well. `ANTHROPIC_BASE_URL` is the gateway's address with `/anthropic` behind it.",
		example: "v1/messages",
	},
	{
		path: "/v1/{endpoint}",
		id: "v1",
		summary: "Anthropic's API at the root",
		description:
			"The same without the prefix, for clients whose base URL is the gateway itself.",
		example: "messages",
	},
];

type Said = readonly (readonly [name: string, about: string])[];

/** Those of Anthropic's cross. These are read, and stay here. */
const requestHeaders: Said = [
	[
		"x-litellm-api-key",
		"The gateway key, where the other headers carry a credential of your own",
	],
	["x-litellm-tags", "Tags of the call, separated by commas; also `tags`"],
	["x-litellm-customer-id", "The end user; also `x-litellm-end-user-id`"],
	[
		"x-litellm-session-id",
		"The session; also `x-litellm-trace-id`, `x-claude-code-session-id` and other programs' `x-…-session-id`",
	],
	["x-litellm-agent-id", "The agent; also `x-claude-code-agent-id`"],
	["x-litellm-spend-logs-metadata", "A JSON object to keep with the call"],
];

const replyHeaders: Said = [
	["x-litellm-call-id", "The call's id, under which `/spend/logs` finds it"],
	["x-litellm-version", "The version of the gateway"],
	["x-litellm-model-api-base", "Where the call went"],
	["x-litellm-response-cost", "What it cost, in dollars, exact"],
	["x-litellm-response-cost-original", "The same"],
	["x-litellm-response-cost-input", "Of it: input"],
	["x-litellm-response-cost-output", "Of it: output"],
	["x-litellm-response-cost-cache-read", "Of it: reading the cache"],
	["x-litellm-response-cost-cache-creation", "Of it: writing the cache"],
	["x-litellm-response-cost-tool-usage", "Of it: server tools"],
	[
		"x-litellm-key-spend",
		"What the key had spent before, if it has a `max_budget`; for the master key what all had",
	],
	["x-litellm-key-max-budget", "The key's `max_budget`"],
	["x-litellm-key-rpm-limit", "Its `rpm_limit`"],
	["x-litellm-key-tpm-limit", "Its `tpm_limit`"],
	["x-litellm-response-duration-ms", "How long it took"],
	["x-litellm-overhead-duration-ms", "How much of it was the gateway's"],
	[
		"anthropic-ratelimit-unified-status",
		"How full the key's budget is, with `…-overage-utilization` and `…-reset`, where upstream says nothing",
	],
	["retry-after", "Seconds after which a retry may help"],
	["x-should-retry", "`false` where a retry cannot help"],
];

const text: JsonSchema = { type: "string" };

const toParameters = ({ example }: Mount): Parameter[] => [
	{
		name: "endpoint",
		in: "path",
		required: true,
		description: "The rest of the path, slashes included",
		schema: { ...text, examples: [example] },
	},
	...requestHeaders.map(
		([name, description]): Parameter => ({
			name,
			in: "header",
			description,
			schema: text,
		}),
	),
];

const responses: Operation["responses"] = {
	default: {
		description:
			"Upstream's reply. Costs are told by plain replies, not by streams. What Tollway refuses has Anthropic's envelope.",
		headers: Object.fromEntries(
			replyHeaders.map(([name, description]) => [
				name,
				{ description, schema: text },
			]),
		),
	},
};

const methods: readonly Method[] = ["get", "post", "put", "patch", "delete"];

const toPathItem = (mount: Mount): PathItem => ({
	summary: mount.summary,
	parameters: toParameters(mount),
	...Object.fromEntries(
		methods.map((method): [Method, Operation] => [
			method,
			{
				operationId: `${method}_${mount.id}`,
				summary: mount.summary,
				description: mount.description,
				tags: [relayTag.name],
				responses,
			},
		]),
	),
});

export const relayPaths: Readonly<Record<string, PathItem>> =
	Object.fromEntries(mounts.map((mount) => [mount.path, toPathItem(mount)]));
