/**
 * What a client says of its own call. Labels only: they sort spend in reports and carry the limits that the operator sets
 * for tags and customers; they never decide whose key, user or team a call is, nor what it costs.
 *
 * Every text is one line, without control or format characters, well-formed, without blanks at its ends, not empty, and
 * at most `maxLabelBytes` long. What it says is still the client's: whoever writes it into HTML, CSV or SQL escapes it.
 */
export interface Labels {
	/** In the order of the places they were read from; no two alike; at most `maxTags`. */
	readonly tags: readonly string[];
	/** The caller's own customer. */
	readonly endUser: string | null;
	readonly sessionId: string | null;
	/** The agent that made the call, and the one that started it. Agents are parts of a program, not people. */
	readonly agentId: string | null;
	readonly parentAgentId: string | null;
	/** Claude Code's installation, and the account it is logged in to. */
	readonly deviceId: string | null;
	readonly accountId: string | null;
	/** A JSON object, compact, one line, at most `maxSpendMetadataBytes`; it stays under this name, whatever its members are called. */
	readonly spendMetadata: string | null;
	readonly userAgent: string | null;
	/** The program behind the user agent, as `name/version`: `claude-code/2.1.330`, `Anthropic-JS/1.12.0`, `curl/8.5.0`. */
	readonly client: string | null;
	/** Null when all was kept as it was sent. */
	readonly lost: LostLabels | null;
}

/** What was sent as a label and is not one here, or not whole. */
export interface LostLabels {
	/** Tags that came when the limit was reached, unread. */
	tags: number;
	/** Labels that are longer than the limit; their beginning was kept. */
	shortened: number;
	/** Values of a wrong type or form, and metadata over its limit. */
	ignored: number;
}

export const maxTags = 32;
/** In UTF-8. */
export const maxLabelBytes = 256;
/** In UTF-8; JSON cannot be cut, so a longer one is ignored. */
export const maxSpendMetadataBytes = 4096;

export const noLabels: Labels = Object.freeze({
	tags: Object.freeze([]),
	endUser: null,
	sessionId: null,
	agentId: null,
	parentAgentId: null,
	deviceId: null,
	accountId: null,
	spendMetadata: null,
	userAgent: null,
	client: null,
	lost: null,
});

const unusual = /[^ -~]/;

/** What ends or moves a line, and separates words all the same. */
const breaks = /[\t-\r\x85\u2028\u2029]+/g;

/**
 * What may move a cursor, or make two labels look alike: controls and format characters (bidirectional and zero-width
 * marks, tags). NUL is among them, which PostgreSQL refuses.
 */
const hostile = /[\p{Cc}\p{Cf}]/gu;

/** As the gateway makes keys, and as Anthropic does. */
const madeKeys = /(?<![\w-])sk-(?:ant-[\w-]{20,}|[\w-]{43}(?![\w-]))/g;
const shownCharacters = 4;

/** Keys that a client wrote where labels stand are kept by their names only: `sk-...Wxyz`. */
export const maskKeys = (text: string): string =>
	text.includes("sk-")
		? text.replace(madeKeys, (key) => `sk-...${key.slice(-shownCharacters)}`)
		: text;

/** Any text as the text of a label, but for its length; empty if nothing is left of it. */
export const cleanLabel = (text: string): string =>
	maskKeys(
		unusual.test(text)
			? text.toWellFormed().replace(breaks, " ").replace(hostile, "").trim()
			: text.trim(),
	);

/** Cuts a clean text to the length of a label, between two characters. */
export function cutLabel(text: string): string {
	// No UTF-16 unit takes more than three bytes.
	if (text.length * 3 <= maxLabelBytes) return text;
	const room = new Uint8Array(maxLabelBytes);
	const { read } = new TextEncoder().encodeInto(text, room);
	return read === text.length ? text : text.slice(0, read).trimEnd();
}
