/**
 * What the scanner looks for, as a table.
 *
 * A shape is an object of the API; its rows are the members that policy, price or attribution need. Arrays are
 * transparent: `into: "block"` holds for one block and for a list of blocks. To govern one more member, add a row.
 */

export type ShapeName =
	| "call"
	| "body"
	| "item"
	| "fallback"
	| "tool"
	| "toolChange"
	| "container"
	| "skill"
	| "billingPolicy"
	| "block"
	| "source"
	| "cacheControl"
	| "reply"
	| "page"
	| "pageItem"
	| "answer"
	| "answerBlock"
	| "answerModel"
	| "answerContainer"
	| "answerError"
	| "choice"
	| "agent"
	| "agentModel"
	| "elsewhere"
	| "opaque";

/** What is kept of a value. `null` always counts as absent. */
interface Kept {
	text: string;
	count: number;
	flag: boolean;
	hint: string;
	json: unknown;
	/** The JSON of the value, unread. */
	raw: string;
	/** Only where it stands. */
	span: undefined;
	object: undefined;
}
export type Keep = keyof Kept;

export interface Kind {
	/** First bytes of the values that are parsed and kept. */
	readonly parsed: string;
	/** What a value must be: any other is refused; without this it is ignored. */
	readonly must?: string;
	/** The brackets that may open a value which has a shape. */
	readonly brackets?: string;
}

export const kinds: Record<Keep, Kind> = {
	text: { parsed: '"', must: "a string", brackets: "{[" },
	count: { parsed: "-0123456789", must: "a whole number, 0 or more" },
	flag: { parsed: "tf", must: "true or false" },
	hint: { parsed: '"' },
	json: { parsed: '{["-0123456789tfn' },
	raw: { parsed: '{["-0123456789tf' },
	span: { parsed: "" },
	object: { parsed: "", must: "an object", brackets: "{" },
};

export interface Row {
	readonly keep?: Keep;
	/** The shape of the object, or of the objects in the array. */
	readonly into?: ShapeName;
	/** The member is for a gateway, not for the API: a label, cut from what goes upstream. */
	readonly cut?: true;
	/** It names a thing at upstream that may be somebody else's. */
	readonly names?: true;
}

const text = { keep: "text" } as const;
const count = { keep: "count" } as const;
const flag = { keep: "flag" } as const;
const json = { keep: "json" } as const;
const named = { keep: "text", names: true } as const;
const hint = { keep: "hint" } as const;
const span = { keep: "span" } as const;
const label = { keep: "json", cut: true } as const;
const caching = { keep: "span", into: "cacheControl" } as const;

export const table = {
	/** One request to a model: a message body, or `params` of a batch item. */
	call: {
		model: text,
		stream: flag,
		max_tokens: count,
		max_completion_tokens: count,
		speed: text,
		inference_geo: text,
		service_tier: text,
		safety_identifier: text,
		metadata: json,
		thread: json,
		context_management: json,
		mcp_servers: span,
		cache_control: caching,
		billing_policy: { into: "billingPolicy" },
		container: { ...named, into: "container" },
		fallbacks: { keep: "text", into: "fallback" },
		tools: { into: "tool" },
		system: { into: "block" },
		messages: { into: "block" },
	},
	/** What the top level has besides the members of a call. */
	body: {
		requests: { into: "item" },
		litellm_metadata: label,
		"no-log": label,
		tags: label,
		user: label,
		litellm_trace_id: label,
		litellm_session_id: label,
		litellm_call_id: label,
		guardrails: label,
	},
	item: { custom_id: text, params: { keep: "object", into: "call" } },
	fallback: { model: text, speed: text, max_tokens: count },
	tool: {
		type: text,
		name: text,
		model: text,
		max_tokens: count,
		max_uses: count,
		cache_control: caching,
		caching,
	},
	/** A tool that a message adds; an advisor brings its own model. */
	toolChange: { definition: { into: "tool" } },
	container: { id: named, skills: { into: "skill" } },
	skill: { type: text, skill_id: named },
	billingPolicy: { bill_to: text },
	/** A message or a content block. Blocks nest in `content` and in a document's `source.content`. */
	block: {
		content: { into: "block" },
		source: { into: "source" },
		image_url: { into: "source" },
		file_id: named,
		cache_control: caching,
		tool: { into: "toolChange" },
		tool_changes: { into: "block" },
	},
	source: {
		type: text,
		media_type: text,
		data: span,
		url: span,
		file_id: named,
		content: { into: "block" },
	},
	cacheControl: { ttl: hint },
	/** A batch, or a page of them, as upstream returns it. */
	reply: { results_url: hint, data: { into: "reply" } },
	/** A page of a list, as upstream returns it. */
	page: {
		data: { keep: "span", into: "pageItem" },
		has_more: flag,
		first_id: hint,
		last_id: hint,
		next_page: hint,
	},
	pageItem: { id: hint },
	/** A message, a chat completion or a session, as upstream returns it, or an error instead. */
	answer: {
		id: hint,
		model: hint,
		stop_reason: hint,
		usage: { keep: "raw" },
		content: { into: "answerBlock" },
		container: { into: "answerContainer" },
		choices: { into: "choice" },
		agent: { into: "agent" },
		error: { into: "answerError" },
	},
	/** A content block; one that says which model took over has `to`. */
	answerBlock: { type: hint, to: { into: "answerModel" } },
	answerModel: { model: hint },
	answerContainer: { id: hint },
	answerError: { type: hint, code: hint },
	choice: { finish_reason: hint },
	agent: { model: { keep: "hint", into: "agentModel" } },
	agentModel: { id: hint },
	/** Every other object: a kind of block that is newer than this table may ask for caching too. */
	elsewhere: { cache_control: caching },
	/** Inside a value that is kept whole. */
	opaque: {},
} as const satisfies Record<ShapeName, Record<string, Row>>;

type Table = typeof table;

/** `call.model`, `tool.type`, `source.file_id`, … */
export type Slot = {
	[S in ShapeName]: `${S}.${keyof Table[S] & string}`;
}[ShapeName];

type RowOf<S extends Slot> = S extends `${infer N extends ShapeName}.${infer M}`
	? Table[N][M & keyof Table[N]]
	: never;

/** The type of the value that is kept for a slot. */
export type Value<S extends Slot> = S extends Slot
	? RowOf<S> extends { keep: infer K extends Keep }
		? Kept[K]
		: never
	: never;
