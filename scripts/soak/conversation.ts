/** What Claude Code sends while it works: the same tools and instructions each time, and a conversation that grows. */
import { openRandom } from "../../src/simulator/seeded.ts";

export interface ConversationOptions {
	readonly model: string;
	readonly maxTokens: number;
	/** How long what it marks for the cache lives. */
	readonly ttl: "5m" | "1h";
	readonly seed: number;
}

export interface Conversation {
	/** The body of the next call: 80 to 100 KB. */
	toBody(): string;
	/** It was served; its answer, and what a tool said to that, come behind. */
	goOn(): void;
}

const toolCount = 20;
const toolBytes = 2_000;
const systemBytes = 20_000;
const firstBytes = 18_000;
/** Of what a tool says in a turn. */
const turnBytes = { least: 500, most: 3_500 };
/** Above, the conversation is summarized, and is as short as at first. */
const longestBytes = 38_000;

const words =
	"const budget ledger toll gateway stream token return await price the of import hold settle window limit session".split(
		" ",
	);

function toText(bytes: number, random: () => number): string {
	let text = "";
	while (text.length < bytes) text += `${words[random() % words.length]} `;
	return text;
}

const toTool = (at: number) => ({
	name: `tool_${at}`,
	description: toText(toolBytes, openRandom(at)),
	input_schema: {
		type: "object",
		properties: { path: { type: "string" } },
		required: ["path"],
	},
});

export function openConversation(options: ConversationOptions): Conversation {
	const { model, maxTokens, ttl, seed } = options;
	const random = openRandom(seed);
	const cache_control = { type: "ephemeral", ttl };
	const tools = Array.from({ length: toolCount }, (_, at) => toTool(at));
	// The same for all sessions, as with the same program.
	const system = [
		{ type: "text", text: "You are a program that writes programs." },
		{ type: "text", text: toText(systemBytes, openRandom(0)), cache_control },
	];
	let turns: object[] = [];
	let asked = toText(firstBytes, random);
	let bytes = asked.length;
	const toLast = () => [
		turns.length === 0
			? { type: "text", text: asked, cache_control }
			: {
					type: "tool_result",
					tool_use_id: `toolu_${turns.length}`,
					content: asked,
					cache_control,
				},
	];
	return {
		toBody: () =>
			JSON.stringify({
				model,
				max_tokens: maxTokens,
				stream: true,
				system,
				tools,
				messages: [...turns, { role: "user", content: toLast() }],
				metadata: { user_id: `user_${seed}` },
			}),
		goOn: () => {
			const { least, most } = turnBytes;
			const [last] = toLast();
			const { cache_control: _moved, ...block } = last as {
				cache_control: unknown;
			};
			turns.push(
				{ role: "user", content: [block] },
				{
					role: "assistant",
					content: [
						{ type: "text", text: "I look into it." },
						{
							type: "tool_use",
							id: `toolu_${turns.length + 2}`,
							name: "tool_0",
							input: { path: "a" },
						},
					],
				},
			);
			asked = toText(least + (random() % (most - least)), random);
			bytes += asked.length;
			if (bytes <= longestBytes) return;
			turns = [];
			asked = toText(firstBytes, random);
			bytes = asked.length;
		},
	};
}
