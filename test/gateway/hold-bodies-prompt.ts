/** Bodies by what their prompt consists of. */
import {
	type HoldCase,
	image,
	imageTokens,
	maxTokens,
	mostOutput,
	say,
	whole,
	words,
} from "./hold-bodies.ts";

export const promptCases: readonly HoldCase[] = [
	{
		name: "text",
		body: {},
		ask: {
			images: 0,
			tools: 0,
			unsized: false,
			serverTools: false,
			cacheWrite: "none",
		},
		worst: (text) => ({ input: text, output: maxTokens }),
	},
	{
		name: "in the US, which the workspace may have set",
		body: {},
		ask: { inferenceGeo: null },
		worst: (text) => ({ input: text, output: maxTokens, inferenceGeo: "us" }),
	},
	{
		name: "asked for globally: it is not held dearer",
		body: { inference_geo: "global" },
		ask: { inferenceGeo: "global" },
		worst: (text) => ({ input: text, output: maxTokens }),
	},
	{
		name: "without max_tokens: as much as the model can",
		body: { max_tokens: undefined },
		ask: {},
		worst: (text) => ({ input: text, output: mostOutput }),
	},
	{
		name: "max_tokens beyond what the model can",
		body: { max_tokens: 9_000_000 },
		ask: {},
		worst: (text) => ({ input: text, output: mostOutput }),
	},
	{
		name: "fast",
		body: { model: "claude-opus-5-5", speed: "fast" },
		ask: {},
		models: ["claude-opus-5-5"],
		worst: (text) => ({
			model: "claude-opus-5-5",
			input: text,
			output: maxTokens,
			speed: "fast",
		}),
	},
	{
		name: "a prompt beyond the step of Haiku 5.5",
		body: {
			model: "claude-haiku-5-5",
			...say({ type: "text", text: "x".repeat(200_002) }),
		},
		ask: {},
		models: ["claude-haiku-5-5"],
		worst: (text) => ({
			model: "claude-haiku-5-5",
			input: text,
			output: maxTokens,
		}),
	},
	{
		name: "a tiny image is as dear as a large one",
		body: say(image("aGk=")),
		ask: { images: 1 },
		worst: (text) => ({ input: text - 4 + imageTokens, output: maxTokens }),
	},
	{
		name: "a large image costs by itself, not by its bytes",
		body: say(image("x".repeat(400_000)), image("y".repeat(400_000))),
		ask: { images: 2 },
		worst: (text) => ({
			input: text - 400_004 + 2 * imageTokens,
			output: maxTokens,
		}),
	},
	{
		name: "an image in the result of a tool",
		body: say({
			type: "tool_result",
			tool_use_id: "t",
			content: [image("aGk=")],
		}),
		ask: { images: 1 },
		worst: (text) => ({ input: text - 4 + imageTokens, output: maxTokens }),
	},
	{
		name: "an image in a document's own content",
		body: say({
			type: "document",
			source: { type: "content", content: [image("aGk=")] },
		}),
		ask: { images: 1, unsized: false },
		worst: (text) => ({ input: text - 4 + imageTokens, output: maxTokens }),
	},
	{
		name: "an image at a URL",
		body: say({
			type: "image",
			source: { type: "url", url: "https://example.com/a.png" },
		}),
		...whole,
	},
	{
		name: "a PDF: its bytes do not tell how many pages it has",
		body: say({
			type: "document",
			source: { type: "base64", media_type: "application/pdf", data: "aGk=" },
		}),
		...whole,
		ask: { unsized: true, elsewhere: false },
	},
	{
		name: "a plain text document is text",
		body: say({
			type: "document",
			source: { type: "text", media_type: "text/plain", data: words },
		}),
		ask: { unsized: false, images: 0 },
		worst: (text) => ({ input: text, output: maxTokens }),
	},
	{
		name: "a file",
		body: say({
			type: "document",
			source: { type: "file", file_id: "file_01" },
		}),
		...whole,
	},
	{
		name: "a file for the container",
		body: say({ type: "container_upload", file_id: "file_01" }),
		...whole,
	},
	{
		name: "a chat completion with an image in its URL",
		body: {
			max_tokens: undefined,
			max_completion_tokens: maxTokens,
			messages: [
				{
					role: "user",
					content: [
						{ type: "text", text: words },
						{
							type: "image_url",
							image_url: { url: `data:image/png;base64,${"x".repeat(90_000)}` },
						},
					],
				},
			],
		},
		ask: { images: 1, unsized: false },
		worst: (text) => ({
			input: text - 45_011 + imageTokens,
			output: maxTokens,
		}),
	},
	{
		name: "a chat completion with an image elsewhere",
		body: say({
			type: "image_url",
			image_url: { url: "https://example.com/a.png", detail: "high" },
		}),
		ask: { images: 1, unsized: false },
		worst: (text) => ({ input: text - 12 + imageTokens, output: maxTokens }),
	},
	{
		name: "a chat completion that says its limit twice: the higher one",
		body: { max_tokens: 5, max_completion_tokens: 50 },
		ask: {},
		worst: (text) => ({ input: text, output: 50 }),
	},
	{
		name: "no model: the dearest of all",
		body: { model: undefined },
		ask: {},
		worst: (text) => ({
			model: "claude-mythos-preview",
			input: text,
			output: maxTokens,
		}),
	},
];
