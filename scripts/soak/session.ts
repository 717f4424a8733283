/** One session of Claude Code on a budget: it waits where it is told to, and stops where waiting does not help. */
import type { Usage } from "../../src/domain/usage.ts";
import { openRandom } from "../../src/simulator/seeded.ts";
import { readStream } from "../crash/truth.ts";
import { type ConversationOptions, openConversation } from "./conversation.ts";
import { sleep } from "./wait.ts";

/** A number from the first to the second. */
export type Between = readonly [least: number, most: number];

export interface SessionOptions extends ConversationOptions {
	/** Of the gateway. */
	readonly url: string;
	readonly key: string;
	readonly outputTokens: Between;
	/** How long upstream takes to begin a reply. */
	readonly delayMs: Between;
	/** How long the tools take that an answer asks for. */
	readonly toolMs: Between;
	readonly signal: AbortSignal;
}

/** What the clients saw; times are monotonic milliseconds. */
export interface Seen {
	/** When its last byte came: by then it is settled. */
	readonly served: { readonly usage: Usage; readonly atMs: number }[];
	/** Refusals that said to come again, by what they said. */
	readonly waits: Map<string, number>;
	/** Refusals that said not to. */
	readonly refused: Refused[];
	/** Calls that were given up after as many tries as Claude Code makes, and begun again by the user. */
	givenUp: number;
	/** Answers that fit nothing of this. */
	readonly odd: string[];
}

export interface Refused {
	readonly type: string;
	readonly message: string;
	readonly body: string;
	readonly atMs: number;
}

export const openSeen = (): Seen => ({
	served: [],
	waits: new Map(),
	refused: [],
	givenUp: 0,
	odd: [],
});

/** As Claude Code 2.1: CLAUDE_CODE_MAX_RETRIES. */
const maxRetries = 10;

/** Resolves when the budget is spent. */
export async function runSession(options: SessionOptions, seen: Seen) {
	const conversation = openConversation(options);
	const random = openRandom(options.seed + 1_000);
	const pick = ([least, most]: Between) => least + (random() % (most - least));
	for (;;) {
		const body = conversation.toBody();
		const script = JSON.stringify({
			delay_ms: pick(options.delayMs),
			message: { usage: { output_tokens: pick(options.outputTokens) } },
		});
		let served = false;
		for (let tries = 0; !served; tries++) {
			if (tries > maxRetries) {
				seen.givenUp += 1;
				tries = 0;
			}
			const waitSeconds = await callOnce(body, script, options, seen);
			if (waitSeconds === "over") return;
			if (waitSeconds === null) served = true;
			else await sleep(waitSeconds * 1_000);
		}
		await sleep(pick(options.toolMs));
		conversation.goOn();
	}
}

/** Null: it was served. Else how many seconds to wait, or that it is over. */
async function callOnce(
	body: string,
	script: string,
	{ url, key, seed, signal }: SessionOptions,
	seen: Seen,
): Promise<number | "over" | null> {
	const reply = await fetch(`${url}/anthropic/v1/messages?beta=true`, {
		method: "POST",
		headers: {
			authorization: `Bearer ${key}`,
			"content-type": "application/json",
			"anthropic-version": "2023-06-01",
			"user-agent": "claude-cli/2.1.330 (external, cli)",
			"x-claude-code-session-id": `session-${seed}`,
			"x-simulator-script": script,
		},
		body,
		signal,
		proxy: "",
	});
	const text = await reply.text();
	const atMs = performance.now();
	if (reply.status === 200) {
		const usage = readStream(text);
		if (usage === null || typeof usage === "string") {
			seen.odd.push(`a stream without an end: ${text.slice(-200)}`);
			return "over";
		}
		seen.served.push({ usage, atMs });
		return null;
	}
	if (reply.status !== 429) {
		seen.odd.push(`${reply.status} ${text.slice(0, 200)}`);
		return "over";
	}
	const { type, message } = JSON.parse(text).error;
	if (reply.headers.get("x-should-retry") === "false") {
		seen.refused.push({ type, message, body, atMs });
		return "over";
	}
	const what = `${type}, ${reply.headers.get("rate_limit_type") ?? "budget"}`;
	seen.waits.set(what, (seen.waits.get(what) ?? 0) + 1);
	return Number(reply.headers.get("retry-after") ?? 1);
}
