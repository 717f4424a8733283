/** What bodies of requests have in common whose hold is tested. */
import type { HoldAsk } from "../../src/domain/hold-amount.ts";
import type { Usage } from "../../src/domain/usage.ts";

export const window = 1_000_000;
export const mostOutput = 128_000;
export const maxTokens = 100;
export const words = "Tell me of tolls. ".repeat(50);

export const say = (...blocks: unknown[]) => ({
	messages: [
		{ role: "user", content: [{ type: "text", text: words }, ...blocks] },
	],
});

export interface HoldCase {
	readonly name: string;
	/** Laid over a short call of claude-sonnet-5-5. */
	readonly body: Record<string, unknown>;
	readonly ask: Partial<HoldAsk>;
	readonly models?: readonly string[];
	/** The dearest that upstream may bill for it. `text`: the prompt's tokens where every two bytes are one. */
	readonly worst: (text: number) => Partial<Usage>;
}

export const image = (data: string) => ({
	type: "image",
	source: { type: "base64", media_type: "image/png", data },
});
/** Of the largest image, and of a page. */
export const imageTokens = 4_784;
export const whole = {
	ask: { unsized: true, elsewhere: true },
	worst: () => ({ input: window, output: maxTokens }),
};
export const served = (writes: Partial<Usage> = {}) => ({
	ask: { serverTools: true },
	worst: () => ({ cacheWrite5m: window, output: maxTokens, ...writes }),
});
