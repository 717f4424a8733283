/** One call of `tollway demo`, as a client would send it through the gateway. */
export interface DemoCall {
	readonly title: string;
	readonly method: string;
	/** Begins with a slash; appended to the gateway's URL. */
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string | null;
	/** Without it any 2xx is as it should be. */
	readonly expectStatus?: number;
}

const messagesPath = "/anthropic/v1/messages";

/** What curl and the SDKs send; any key will do in the open mode. */
const headers = {
	authorization: "Bearer sk-anything",
	"anthropic-version": "2023-06-01",
	"content-type": "application/json",
};

function post(
	title: string,
	body: Record<string, unknown>,
	path = messagesPath,
): DemoCall {
	const text = JSON.stringify({
		model: "claude-sonnet-5-5",
		...(path === messagesPath && { max_tokens: 1024 }),
		...body,
	});
	return { title, method: "POST", path, headers, body: text };
}

function ask(content: string) {
	return { messages: [{ role: "user", content }] };
}

const rule =
	"Rule: answer politely, quote the handbook by section, and never promise a refund that it does not grant. ";
const handbookRules = 120;

/** Long enough to be cached: the first call writes it, the second reads it. */
const handbook = {
	system: [
		{
			type: "text",
			text: rule.repeat(handbookRules),
			cache_control: { type: "ephemeral" },
		},
	],
};

const weatherTool = {
	name: "get_weather",
	description: "The weather at a place",
	input_schema: {
		type: "object",
		properties: { place: { type: "string" } },
		required: ["place"],
	},
};

function inBatch(custom_id: string, content: string) {
	const params = {
		model: "claude-haiku-5-5",
		max_tokens: 256,
		...ask(content),
	};
	return { custom_id, params };
}

/** A tour of the API, in an order that tells a story. */
export const demoCalls: readonly DemoCall[] = [
	post("A plain question", ask("Hello, world")),
	post("The same, streamed", { ...ask("Hello, stream"), stream: true }),
	post("A tool is called", {
		...ask("Use get_weather for Berlin, please."),
		tools: [weatherTool],
	}),
	post("Thinking before answering", {
		...ask("Is 91 a prime?"),
		thinking: { type: "adaptive" },
		stream: true,
	}),
	post("A long prompt, written to the cache", {
		...handbook,
		...ask("May I return my hat?"),
	}),
	post("The same prompt, read from the cache", {
		...handbook,
		...ask("And my gloves?"),
	}),
	post(
		"Counting tokens, free of charge",
		ask("How many tokens is this?"),
		`${messagesPath}/count_tokens`,
	),
	{
		...post("An unknown model: the error passes as it is", {
			...ask("Hello?"),
			model: "claude-imaginary-9",
		}),
		expectStatus: 404,
	},
	{
		title: "A batch of two",
		method: "POST",
		path: `${messagesPath}/batches`,
		headers,
		body: JSON.stringify({
			requests: [
				inBatch("first", "Hello"),
				inBatch("second", "Hi again, friend"),
			],
		}),
	},
];
