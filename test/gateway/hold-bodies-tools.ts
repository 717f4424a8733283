/** Bodies by what they let upstream do: tools, other models, caches. */
import { toIteration } from "../pricing/usages.ts";
import {
	type HoldCase,
	maxTokens,
	mostOutput,
	say,
	served,
	window,
	words,
} from "./hold-bodies.ts";

export const toolCases: readonly HoldCase[] = [
	{
		name: "a tool of the client: it is described to the model",
		body: { tools: [{ name: "f", input_schema: { type: "object" } }] },
		ask: { tools: 1, builtInTools: 0, serverTools: false },
		worst: (text) => ({ input: text + 530, output: maxTokens }),
	},
	{
		name: "tools that upstream describes and the client runs",
		body: {
			tools: [
				{ type: "bash_20250124", name: "bash" },
				{ type: "computer_20251124", name: "computer" },
			],
		},
		ask: { tools: 2, builtInTools: 2, serverTools: false },
		worst: (text) => ({ input: text + 530 + 2 * 735, output: maxTokens }),
	},
	{
		name: "web search, three at the most",
		body: {
			tools: [{ type: "web_search_20260209", name: "web_search", max_uses: 3 }],
		},
		ask: { serverTools: true, webSearches: [3] },
		worst: () => ({ cacheWrite5m: window, output: maxTokens, webSearches: 3 }),
	},
	{
		name: "web search without a limit",
		body: { tools: [{ type: "web_search_20250305", name: "web_search" }] },
		ask: { serverTools: true, webSearches: [null] },
		worst: () => ({ cacheWrite5m: window, output: maxTokens, webSearches: 50 }),
	},
	{
		name: "web fetch",
		body: { tools: [{ type: "web_fetch_20260209", name: "web_fetch" }] },
		...served(),
	},
	{
		name: "code execution with a skill",
		body: { container: { skills: [{ type: "anthropic", skill_id: "pptx" }] } },
		...served(),
	},
	{
		name: "MCP servers",
		body: {
			mcp_servers: [{ type: "url", url: "https://example.com", name: "m" }],
		},
		...served(),
	},
	{
		name: "a tool that is newer than the table",
		body: { tools: [{ type: "teleport_20270101", name: "teleport" }] },
		...served(),
	},
	{
		name: "server tools and a cache for an hour",
		body: {
			tools: [{ type: "web_fetch_20260209", name: "web_fetch" }],
			cache_control: { type: "ephemeral", ttl: "1h" },
		},
		...served({ cacheWrite5m: 0, cacheWrite1h: window }),
	},
	{
		name: "an advisor with a model of its own",
		body: {
			tools: [
				{ type: "advisor_20260301", name: "advisor", model: "claude-opus-5" },
			],
		},
		ask: { serverTools: true },
		models: ["claude-sonnet-5-5", "claude-opus-5"],
		worst: () => ({
			iterations: [
				toIteration("message", { cacheWrite5m: window, output: maxTokens }),
				toIteration("advisor_message", {
					model: "claude-opus-5",
					input: window,
					output: mostOutput,
				}),
			],
		}),
	},
	{
		name: "an advisor that a message brings",
		body: say({
			type: "tool_changes",
			tool_changes: [
				{
					type: "add",
					tool: {
						definition: {
							type: "advisor_20260301",
							name: "advisor",
							model: "claude-opus-5",
							max_tokens: 500,
						},
					},
				},
			],
		}),
		ask: { serverTools: true },
		models: ["claude-sonnet-5-5", "claude-opus-5"],
		worst: () => ({
			iterations: [
				toIteration("message", { cacheWrite5m: window, output: maxTokens }),
				toIteration("advisor_message", {
					model: "claude-opus-5",
					input: window,
					output: 500,
				}),
			],
		}),
	},
	{
		name: "a fallback in the middle of the output",
		body: { fallbacks: [{ model: "claude-opus-5", max_tokens: 7_000 }] },
		ask: {},
		models: ["claude-sonnet-5-5", "claude-opus-5"],
		worst: (text) => ({
			inferenceGeo: "us",
			model: "claude-opus-5",
			iterations: [
				toIteration("message", {
					model: "claude-sonnet-5-5",
					input: text,
					output: maxTokens,
				}),
				toIteration("fallback_message", {
					model: "claude-opus-5",
					input: text + maxTokens,
					output: 7_000,
				}),
			],
		}),
	},
	{
		name: "fallbacks as upstream chooses them",
		body: { fallbacks: "default" },
		ask: {},
		worst: (text) => ({
			model: "claude-mythos-preview",
			iterations: [
				toIteration("message", {
					model: "claude-sonnet-5-5",
					input: text,
					output: maxTokens,
				}),
				toIteration("fallback_message", {
					model: "claude-mythos-preview",
					input: text + maxTokens,
					output: maxTokens,
				}),
			],
		}),
	},
	{
		name: "a thread: what was said before is at upstream",
		body: { thread: { id: "thread_01" } },
		ask: { continuesThread: true },
		worst: () => ({ cacheWrite1h: window, output: maxTokens }),
	},
	{
		name: "compaction: the context is read once more",
		body: { context_management: { edits: [{ type: "compact_20260112" }] } },
		ask: {},
		models: ["claude-sonnet-5-5", "claude-sonnet-5-5"],
		worst: (text) => ({
			iterations: [
				toIteration("compaction", { input: text, output: maxTokens }),
				toIteration("message", { input: text, output: maxTokens }),
			],
		}),
	},
	...(
		[
			["of five minutes", { type: "ephemeral" }, "5m", "cacheWrite5m"],
			[
				"of five minutes, said",
				{ type: "ephemeral", ttl: "5m" },
				"5m",
				"cacheWrite5m",
			],
			["of an hour", { type: "ephemeral", ttl: "1h" }, "1h", "cacheWrite1h"],
			[
				"of a life that is newer than the table",
				{ type: "ephemeral", ttl: "7d" },
				"1h",
				"cacheWrite1h",
			],
		] as const
	).flatMap(([life, control, cacheWrite, kind]) =>
		[
			["of all", { cache_control: control }],
			[
				"of a block",
				say({ type: "text", text: words, cache_control: control }),
			],
			[
				"of the system",
				{ system: [{ type: "text", text: words, cache_control: control }] },
			],
			[
				"of a tool",
				{ tools: [{ name: "f", input_schema: {}, cache_control: control }] },
			],
			[
				"within the result of a tool",
				say({
					type: "tool_result",
					tool_use_id: "t",
					content: [{ type: "text", text: words, cache_control: control }],
				}),
			],
			[
				"of a block that is newer than the table",
				say({ type: "hologram", parts: [{ cache_control: control }] }),
			],
		].map(([where, body]) => ({
			name: `a cache ${life} ${where}`,
			body: body as Record<string, unknown>,
			ask: { cacheWrite },
			worst: (text: number) => ({ [kind]: text, output: maxTokens }),
		})),
	),
];
