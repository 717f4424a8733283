import type { Limited } from "./limit-set.ts";

/** A key that the gateway hands out. Of the key itself only its hash is kept. Times are milliseconds since 1970. */
export interface VirtualKey extends Limited {
	/** What the ledger calls it, for good: the hash of its first value. */
	readonly id: string;
	/** SHA-256 of the key, in hexadecimal. */
	readonly hash: string;
	/** The key before this one, while it still works. */
	readonly older: { readonly hash: string; readonly untilMs: number } | null;
	/** `sk-...Wxyz`, for people. */
	readonly name: string;
	/** Unique among all keys. */
	readonly alias: string | null;
	readonly userId: string | null;
	readonly teamId: string | null;
	/** A label. */
	readonly organizationId: string | null;
	/** Names of models, with `*` for any characters, or LiteLLM's special names; empty: all. */
	readonly models: readonly string[];
	/** Paths, prefixes, wildcards or names of groups; empty: all that any key may call. */
	readonly allowedRoutes: readonly string[];
	/** Every call of the key has these too. */
	readonly tags: readonly string[];
	readonly metadata: Readonly<Record<string, unknown>>;
	/** Whose credential goes upstream: the gateway's, or one that the caller brings along. */
	readonly credential: "server" | "client";
	/** What a call may ask for by another name: the name, and the model that is asked for instead. */
	readonly aliases: Readonly<Record<string, string>>;
	readonly blocked: boolean;
	readonly expiresMs: number | null;
	readonly updatedMs: number;
	readonly createdBy: string;
	readonly updatedBy: string;
}

/** Of a key that is not looked for by its current hash only. */
export const matches = (key: VirtualKey, hash: string, nowMs: number) =>
	key.hash === hash ||
	(key.older !== null && key.older.hash === hash && nowMs < key.older.untilMs);

export const isExpired = ({ expiresMs }: VirtualKey, nowMs: number): boolean =>
	expiresMs !== null && nowMs >= expiresMs;

/** Names of model lists that mean no model. */
const everyModel: ReadonlySet<string> = new Set([
	"*",
	"all-team-models",
	"all-proxy-models",
]);

/** Whether a list of models has this one: by name or wildcard, with or without LiteLLM's `anthropic/` in front. */
export function allowsModel(
	models: readonly string[],
	wanted: string,
): boolean {
	if (models.length === 0) return true;
	const name = withoutProvider(wanted);
	return models.some((pattern) => {
		if (everyModel.has(pattern)) return true;
		return fits(withoutProvider(pattern), name);
	});
}

const withoutProvider = (name: string): string =>
	name.startsWith("anthropic/") ? name.slice("anthropic/".length) : name;

/** `*` stands for any characters. Takes no longer than the product of both lengths, whatever the pattern. */
export function fits(pattern: string, text: string): boolean {
	const [first = "", ...parts] = pattern.split("*");
	if (parts.length === 0) return pattern === text;
	if (!text.startsWith(first)) return false;
	const last = parts.pop() ?? "";
	let at = first.length;
	for (const part of parts) {
		const found = text.indexOf(part, at);
		if (found < 0) return false;
		at = found + part.length;
	}
	return text.length - last.length >= at && text.endsWith(last);
}
