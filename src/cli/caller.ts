/** The gateway, asked by one who calls through it: with a virtual key, the master key, or none. */
import { AskError } from "./ask-error.ts";
import type { Config } from "./config.ts";
import { toOwnTrust } from "./own-url.ts";
import { readText } from "./read-text.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import type { World } from "./world.ts";

export interface CallerOptions {
	readonly config: Config;
	/** Of a gateway that has been found; root path included. */
	readonly url: string;
	readonly key: string | null;
	readonly timeoutMs: number;
}

export interface Answer {
	readonly status: number;
	/** Undefined where it is no JSON. */
	readonly body: unknown;
}

/** Resolves with whatever is answered to a GET. Rejects with AskError when nothing is. */
export type AskAsCaller = (
	path: string,
	query?: Readonly<Record<string, string>>,
) => Promise<Answer>;

/** A session's sums by model. */
const answerMaxBytes = 4 * 1024 * 1024;

export const openCaller =
	(world: World, { config, url, key, timeoutMs }: CallerOptions): AskAsCaller =>
	async (path, query = {}) => {
		try {
			const reply = await world.fetch(
				`${url}${path}?${new URLSearchParams(query)}`,
				{
					...(config.gatewayUrl === null && toOwnTrust(config, world)),
					method: "GET",
					headers: {
						"accept-encoding": "identity",
						...(key !== null && { authorization: `Bearer ${key}` }),
					},
					body: null,
					signal: AbortSignal.timeout(timeoutMs),
				},
			);
			const text = await readText(reply, answerMaxBytes);
			return { status: reply.status, body: readJson(text) };
		} catch (error) {
			const { code, message } = error as Record<string, unknown>;
			throw new AskError(
				`${url} did not answer ${path} (${redactKeys(escapeControls(String(code ?? message)))}).`,
			);
		}
	};

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

/** Why it was refused, in the gateway's words. */
export function toReason({ status, body }: Answer): string {
	const told = (body as { error?: { message?: unknown } } | null | undefined)
		?.error?.message;
	return typeof told === "string"
		? redactKeys(escapeControls(told))
		: `It answered with status ${status} and no reason.`;
}
