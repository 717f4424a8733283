/** What the body scanner costs, next to JSON.parse and parse-and-stringify of the same bytes: `bun scripts/bench/scan.ts`. */

import { scanBody } from "../../src/gateway/scan/scan.ts";

const runs = 300;
/** Until the compiler has done its best. */
const warmUpNanos = 400_000_000;
/** A sample shorter than this would measure the clock. */
const sampleNanos = 200_000;

/** Words and escapes as often as in source code: 10 quotes and 40 line ends or tabs in a KB of JSON (measured on Hono and on this project). */
const words =
	`the \n export async \t function of a stream \n return const await \t if (value) { "path/to/file.ts" } => \n error: \t src lib test \n
	number of bytes \t that are read before \n chunk ends; import type Buffer from node \t while await next() \n`.split(
		/ +/,
	);

/** The same text in every run: a linear congruential generator (Numerical Recipes). */
function openText(seed: number) {
	let state = seed;
	return (length: number): string => {
		let text = "";
		while (text.length < length) {
			state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
			text += `${words[(state >>> 16) % words.length]} `;
		}
		return text.slice(0, length);
	};
}

function toTool(text: (length: number) => string, index: number) {
	const parameter = (n: number) => [
		`parameter_${n}`,
		{ type: "string", description: text(80), enum: ["a", "b", "c"] },
	];
	return {
		name: `Tool${index}`,
		description: text(1500),
		input_schema: {
			$schema: "http://json-schema.org/draft-07/schema#",
			type: "object",
			properties: Object.fromEntries([1, 2, 3, 4, 5, 6].map(parameter)),
			required: ["parameter_1", "parameter_2"],
			additionalProperties: false,
		},
	};
}

/** A turn of a coding session: a question, thoughts with a tool call, and what the tool found. */
function toTurn(text: (length: number) => string, index: number) {
	const id = `toolu_01${String(index).padStart(22, "A")}`;
	const input = {
		file_path: `/home/me/project/src/file${index}.ts`,
		offset: index,
		limit: 200,
	};
	return [
		{ role: "user", content: [{ type: "text", text: text(300) }] },
		{
			role: "assistant",
			content: [
				{ type: "thinking", thinking: text(300), signature: "E".repeat(300) },
				{ type: "text", text: text(200) },
				{ type: "tool_use", id, name: "Tool3", input },
			],
		},
		{
			role: "user",
			content: [
				{
					type: "tool_result",
					tool_use_id: id,
					content: text(2000),
					is_error: false,
				},
				{ type: "text", text: text(100) },
			],
		},
	];
}

/** Shaped like a request of Claude Code after fifty turns, 250 KB. */
function toSession() {
	const text = openText(7);
	const ephemeral = { type: "ephemeral" };
	return {
		model: "claude-opus-4-6",
		messages: Array.from({ length: 50 }, (_, i) => toTurn(text, i)).flat(),
		system: [
			{
				type: "text",
				text: "You are a coding agent.",
				cache_control: ephemeral,
			},
			{
				type: "text",
				text: text(14_000),
				cache_control: { ...ephemeral, ttl: "1h" },
			},
		],
		tools: Array.from({ length: 20 }, (_, i) => toTool(text, i)),
		metadata: { user_id: `user_${"a".repeat(64)}_account__session_1` },
		max_tokens: 32_000,
		thinking: { type: "enabled", budget_tokens: 31_999 },
		stream: true,
	};
}

const small = {
	model: "claude-haiku-4-5",
	max_tokens: 1024,
	messages: [{ role: "user", content: "How are you today?" }],
};

const image = {
	type: "image",
	source: {
		type: "base64",
		media_type: "image/png",
		data: "A".repeat(10_000_000),
	},
};

const bodies: readonly (readonly [string, unknown])[] = [
	["small", small],
	["coding session", toSession()],
	["tiny strings", { ...small, stop_sequences: Array(62_000).fill("a") }],
	[
		"10 MB of base64",
		{ ...small, messages: [{ role: "user", content: [image] }] },
	],
	[
		"batch of 1,000",
		{
			requests: Array.from({ length: 1000 }, (_, i) => ({
				custom_id: `item-${i}`,
				params: small,
			})),
		},
	],
];

/** Median microseconds of one call. */
function measure(call: () => unknown): number {
	const begun = Bun.nanoseconds();
	let calls = 0;
	for (; Bun.nanoseconds() - begun < warmUpNanos; calls++) call();
	const perSample = Math.ceil((calls * sampleNanos) / warmUpNanos);
	const samples = Array.from({ length: runs }, () => {
		const start = Bun.nanoseconds();
		for (let i = 0; i < perSample; i++) call();
		return (Bun.nanoseconds() - start) / perSample / 1000;
	});
	return samples.sort((a, b) => a - b)[runs >> 1] ?? Number.NaN;
}

const decoder = new TextDecoder();
const parse = (bytes: Uint8Array) => JSON.parse(decoder.decode(bytes));

const rows = bodies.map(([body, json]) => {
	const bytes = new TextEncoder().encode(JSON.stringify(json));
	const micros = (call: () => unknown) => Number(measure(call).toPrecision(3));
	return {
		body,
		bytes: bytes.length,
		"scan µs": micros(() => scanBody(bytes)),
		"parse µs": micros(() => parse(bytes)),
		"parse + stringify µs": micros(() => JSON.stringify(parse(bytes))),
	};
});
console.table(rows);
