/** Calls of people who mean well or do not, to a gateway with a master key. */
import { smallBody } from "../ledger-rig.ts";

export interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	/** The JSON it is; null: it is none. */
	// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it wants
	readonly body: any;
}

export interface AskOptions {
	/** Sent as Bearer. */
	readonly key?: string;
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** A text is sent as it is. Without any: a small call at Anthropic's paths, else `{}`; none with GET. */
	readonly body?: unknown;
}

/** Paths that are read where no method is said. */
const read =
	/^\/(?:health|routes|spend\/(?!calculate)|global\/|customer\/|end_user\/|key\/(?:list|info))|\/models/;

export function openCallers(url: () => string, masterKey: string) {
	const ask = async (path: string, options: AskOptions = {}) => {
		const { key, headers } = options;
		const method = options.method ?? (read.test(path) ? "GET" : "POST");
		const usual = path.includes("/v1/") ? smallBody : {};
		const body = options.body ?? usual;
		const reply = await fetch(url() + path, {
			method,
			headers: {
				"content-type": "application/json",
				...(key !== undefined && { authorization: `Bearer ${key}` }),
				...headers,
			},
			...(method !== "GET" && {
				body: typeof body === "string" ? body : JSON.stringify(body),
			}),
		});
		const text = await reply.text();
		return {
			status: reply.status,
			headers: reply.headers,
			text,
			body: toJson(text),
		} satisfies Answer;
	};
	const manage = (path: string, body?: unknown) =>
		ask(path, { key: masterKey, body });
	return {
		ask,
		manage,
		/** A new key, as the operator gets it. */
		make: async (fields: object = {}) => {
			const { status, body, text } = await manage("/key/generate", fields);
			if (status !== 200) throw new Error(`no key was made: ${text}`);
			return body;
		},
	};
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function toJson(text: string): any {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
