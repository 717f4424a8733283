/** What calls will cost, where upstream itself says how long their prompts are, which is free. */
import { canBeCounted } from "../domain/hold-amount.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import { countBody } from "./count-prompt.ts";
import {
	addUpCalls,
	type CountedTokens,
	type Estimate,
	type EstimatedCall,
	readCalls,
} from "./estimate.ts";
import type { Gateway } from "./pipeline.ts";

/** Of a batch, the first: calls that run need upstream's answers sooner than a question about a batch does. */
const maxCountedCalls = 32;
/** Of those that all may ask at a time. */
const maxAtOnce = 4;

export interface CountedEstimate extends Estimate {
	/** So many of the calls, the first of a batch, were counted by upstream. */
	readonly counted: number;
	/** Why not all of them were; null where all were. */
	readonly whyNot: string | null;
}

export interface EstimateAsked {
	readonly body: Readonly<Record<string, unknown>>;
	/** Of whoever asks: which version and betas the body is written for. */
	readonly headers: RequestHeaders;
	/** Whether upstream is asked. */
	readonly counts: boolean;
}

/** Rejects with GatewayError `malformed_request`, `unknown_model`; what upstream says, or does not, fails nothing. */
export async function estimate(
	{ body, headers, counts }: EstimateAsked,
	gateway: Gateway,
): Promise<CountedEstimate> {
	const options = {
		catalog: gateway.catalog(),
		mode: gateway.holdMode,
		atMs: gateway.clock.now(),
	};
	const calls = readCalls(body, options);
	const { tokens, whyNot } = counts
		? await countCalls(calls, headers, gateway)
		: { tokens: [], whyNot: "it was not asked for" };
	return {
		...addUpCalls(calls, tokens, options),
		counted: tokens.filter((one) => one !== null).length,
		whyNot,
	};
}

interface Counts {
	readonly tokens: CountedTokens;
	readonly whyNot: string | null;
}

/** After one that upstream does not count, no more are asked for: it is away, or wants to be asked less. */
async function countCalls(
	calls: readonly EstimatedCall[],
	headers: RequestHeaders,
	gateway: Gateway,
): Promise<Counts> {
	const asked = calls.slice(0, maxCountedCalls);
	const tokens: (number | null)[] = asked.map(() => null);
	let whyNot: string | null =
		calls.length > maxCountedCalls
			? `of a batch the first ${maxCountedCalls} are counted`
			: null;
	let stopped = false;
	const left = asked.entries();
	const work = async () => {
		for (const [at, { ask, body }] of left) {
			if (stopped) return;
			if (!canBeCounted(ask)) {
				whyNot = "files, URLs, server tools and threads are not counted";
				continue;
			}
			try {
				tokens[at] = await countBody(body, headers, gateway);
			} catch (error) {
				stopped = true;
				whyNot = toWhy(error);
			}
		}
	};
	await Promise.all(Array.from({ length: maxAtOnce }, work));
	return { tokens, whyNot };
}

function toWhy(error: unknown): string {
	const { code, message } = error as Record<string, unknown>;
	return code === "not_counted"
		? String(message)
		: `upstream could not be asked (${String(code ?? message)})`;
}
