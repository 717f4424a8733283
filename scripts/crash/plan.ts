/** What clients ask for, and when they leave: decided by the seed alone. */
import { sumTokens, toPieces } from "../../src/simulator/prompt.ts";
import { type Script, scriptHeader } from "../../src/simulator/script.ts";
import { openRandom } from "../../src/simulator/seeded.ts";

export interface CallPlan {
	/** Of this call alone. It goes upstream, and the gateway takes it for the session. */
	readonly label: string;
	readonly model: string;
	readonly stream: boolean;
	readonly words: number;
	readonly tags: string;
	readonly customer: string | null;
	readonly script: Script;
	/** Milliseconds until its client leaves; null: it stays. */
	readonly leaveMs: number | null;
}

export const labelHeader = "x-crash-session-id";

const models = [
	"claude-sonnet-5-5",
	"claude-haiku-5-5",
	"claude-opus-5-5",
	"claude-haiku-4-5-20251001",
] as const;

/** Each is as likely as the others. */
const kinds: readonly { readonly stream: boolean; readonly script: Script }[] =
	[
		{ stream: false, script: {} },
		{ stream: false, script: {} },
		{ stream: false, script: { delay_ms: 5 } },
		{ stream: false, script: { scenario: "cache_mix" } },
		{ stream: false, script: { error: { type: "rate_limit_error" } } },
		{ stream: true, script: {} },
		{ stream: true, script: { event_delay_ms: 1 } },
		{ stream: true, script: { event_delay_ms: 4, repeat_events: 30 } },
		{ stream: true, script: { split: { seed: 7 } } },
		{ stream: true, script: { scenario: "cache_mix" } },
		{ stream: true, script: { error_event: { after_events: 5 } } },
		{ stream: true, script: { truncate: { after_events: 4 } } },
	];

const mostWords = 400;
const leavers = 6;
const longestLeaveMs = 60;
const tagCount = 7;
const customerCount = 5;

/** An endless row of calls. @param prefix of their labels: two rows must not have the same */
export function openPlans(seed: number, prefix: string): () => CallPlan {
	const random = openRandom(seed);
	let count = 0;
	return () => {
		count += 1;
		const kind = kinds[random() % kinds.length] as (typeof kinds)[number];
		const customer = random() % (2 * customerCount);
		return {
			...kind,
			label: `${prefix}-${String(count).padStart(8, "0")}`,
			model: models[random() % models.length] as string,
			words: random() % mostWords,
			tags: `all,t${random() % tagCount}`,
			customer: customer < customerCount ? `c${customer}` : null,
			leaveMs: random() % leavers === 0 ? random() % longestLeaveMs : null,
		};
	};
}

const toRequest = ({ model, stream, words }: CallPlan) => ({
	model,
	max_tokens: 2_000,
	...(stream && { stream }),
	messages: [{ role: "user", content: `Hi! ${"word ".repeat(words)}` }],
});

export const toBody = (plan: CallPlan): string =>
	JSON.stringify(toRequest(plan));

/** What upstream counts for the prompt at the least; 0 where the script tells it something else. */
export const toPromptTokens = (plan: CallPlan): number =>
	plan.script.scenario === undefined ? sumTokens(toPieces(toRequest(plan))) : 0;

export const toHeaders = (plan: CallPlan): Record<string, string> => ({
	"content-type": "application/json",
	"anthropic-version": "2023-06-01",
	"x-litellm-tags": plan.tags,
	...(plan.customer !== null && { "x-litellm-customer-id": plan.customer }),
	[labelHeader]: plan.label,
	[scriptHeader]: JSON.stringify(plan.script),
});
