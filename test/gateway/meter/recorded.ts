import { scenarioNames } from "../../../src/simulator/scenarios.ts";
import type { Script } from "../../../src/simulator/script.ts";
import { openSimulator } from "../../../src/simulator/simulator.ts";
import { post, toBody } from "../../simulator/requests.ts";

const body = { model: "claude-sonnet-5-5" };
const cached = {
	system: [
		{
			type: "text",
			text: "A sentence to be remembered. ".repeat(300),
			cache_control: { type: "ephemeral", ttl: "1h" },
		},
	],
};

interface Recording {
	readonly body?: Record<string, unknown>;
	readonly script?: Script;
	readonly path?: string;
}

const scripts: Readonly<Record<string, Script>> = {
	CRLF: { line_end: "crlf" },
	CR: { line_end: "cr" },
	"byte order mark and comments": { bom: true, comments: true },
	"an error at once": { error_event: { after_events: 0 } },
	"an error in between": { error_event: { after_events: 5 } },
	"unknown events": {
		insert: [
			{ after_events: 2, text: "event: new\ndata: {}\n\n: c\n\n" },
			{ after_events: 4, text: "retry: 5\n\n\n" },
		],
	},
};

const messageRecordings: Readonly<Record<string, Recording>> = {
	plain: {},
	cached: { body: cached },
	...Object.fromEntries(
		scenarioNames.map((scenario) => [scenario, { script: { scenario } }]),
	),
	...Object.fromEntries(
		Object.entries(scripts).map(([name, script]) => [name, { script }]),
	),
	"web search and code": {
		body: {
			tools: [
				{ type: "web_search_20250305", name: "web_search" },
				{ type: "code_execution_20250825", name: "code_execution" },
			],
		},
	},
	thinking: {
		body: {
			thinking: { type: "enabled", budget_tokens: 1024 },
			max_tokens: 4096,
		},
	},
};

const chatRecordings: Readonly<Record<string, Recording>> = {
	"chat with usage": { body: { stream_options: { include_usage: true } } },
	"chat without usage": {},
	"chat, CRLF and comments": {
		body: { stream_options: { include_usage: true } },
		script: { line_end: "crlf", comments: true },
	},
};

export interface Recorded {
	readonly name: string;
	readonly kind: "messages" | "chat_completions";
	/** The same call, answered as a stream and in one piece. */
	readonly stream: Uint8Array;
	readonly whole: Uint8Array;
}

/** What the simulator answers to each, word for word. */
export async function recordReplies(): Promise<Recorded[]> {
	const simulator = await openSimulator();
	const ask = async (
		change: Record<string, unknown>,
		{ path, script }: Recording,
	) => {
		simulator.reset();
		const reply = await post(simulator, toBody({ ...body, ...change }), {
			...(path && { path }),
			...(script && { script }),
		});
		return reply.bytes();
	};
	const record = async (
		kind: Recorded["kind"],
		name: string,
		recording: Recording,
	) => ({
		name,
		kind,
		stream: await ask({ ...recording.body, stream: true }, recording),
		whole: await ask(recording.body ?? {}, {
			...recording,
			script: { scenario: recording.script?.scenario },
		}),
	});
	const recorded: Recorded[] = [];
	for (const [name, recording] of Object.entries(messageRecordings))
		recorded.push(
			await record("messages", name, {
				path: "/v1/messages?beta=true",
				...recording,
			}),
		);
	for (const [name, recording] of Object.entries(chatRecordings))
		recorded.push(
			await record("chat_completions", name, {
				...recording,
				path: "/v1/chat/completions",
			}),
		);
	await simulator.stop();
	return recorded;
}
