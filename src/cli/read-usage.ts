/** What a reply of the API says about itself: the model that served and the tokens it counted. */

export interface ReplySummary {
	readonly model: string | null;
	readonly inputTokens: number | null;
	readonly outputTokens: number | null;
	readonly cacheReadTokens: number | null;
	readonly cacheWriteTokens: number | null;
	readonly bytes: number;
	/** The reply's `error.type`, if it is an error. */
	readonly errorType: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

const toFields = (value: unknown): Fields =>
	typeof value === "object" && value !== null ? (value as Fields) : {};

function parseObject(text: string): Fields {
	try {
		return toFields(JSON.parse(text));
	} catch {
		// JSONL, or a file's content: it has no usage to read.
		return {};
	}
}

/** The first event names the model and the input, the last ones the output: later numbers replace earlier ones. */
function parseStream(text: string) {
	let head: Fields = {};
	let usage: Fields = {};
	let error: Fields = {};
	for (const line of text.split(/\r?\n/)) {
		if (!line.startsWith("data:")) continue;
		const event = parseObject(line.slice("data:".length));
		if (event.type === "message_start") head = toFields(event.message);
		if (event.type === "error") error = toFields(event.error);
		const counted = event.type === "message_start" ? head.usage : event.usage;
		usage = { ...usage, ...toFields(counted) };
	}
	return { head, usage, error };
}

/** `contentType` decides between JSON and a stream of events. */
export function readUsage(text: string, contentType: string): ReplySummary {
	const streamed = contentType.startsWith("text/event-stream");
	const body = streamed ? {} : parseObject(text);
	const { head, usage, error } = streamed
		? parseStream(text)
		: {
				head: body,
				// count_tokens answers with its one number at the top.
				usage: { input_tokens: body.input_tokens, ...toFields(body.usage) },
				error: toFields(body.error),
			};
	const count = (name: string) =>
		typeof usage[name] === "number" ? usage[name] : null;
	return {
		model: typeof head.model === "string" ? head.model : null,
		inputTokens: count("input_tokens"),
		outputTokens: count("output_tokens"),
		cacheReadTokens: count("cache_read_input_tokens"),
		cacheWriteTokens: count("cache_creation_input_tokens"),
		bytes: new TextEncoder().encode(text).length,
		errorType: typeof error.type === "string" ? error.type : null,
	};
}
