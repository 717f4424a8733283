/** What was served and is billed: each sampling by itself, as the usage and cost reports need it. */
import type { TokenCounts } from "../domain/usage.ts";
import type { Billing } from "./script.ts";
import type { BetaMessage } from "./shapes.ts";
import type { Iteration, Usage } from "./usage-shapes.ts";

export interface Booked extends TokenCounts {
	readonly atMs: number;
	/** Decides the prices. */
	readonly pricedAtMs: number;
	readonly model: string;
	readonly serviceTier: string;
	readonly inferenceGeo: string;
	readonly fast: boolean;
	readonly webSearches: number;
	/** Of the list price. */
	readonly percent: number;
	/** Thousandths of a dollar for containers. */
	readonly containerMills: number;
}

/** As far as it is billed: chat completions have no more. */
interface Served {
	readonly model: string;
	readonly stop_reason: string | null;
	readonly usage: Partial<Omit<Usage, "service_tier">> & {
		readonly service_tier?: string;
		readonly iterations?: BetaMessage["usage"]["iterations"];
	};
}

export interface Books {
	book(
		served: Served,
		how: {
			readonly atMs: number;
			readonly pricedAtMs?: number;
			readonly billing: Billing | undefined;
		},
	): void;
	list(): readonly Booked[];
}

/** A test has thousands; the oldest go when a benchmark has more. */
const maxBooked = 50_000;

export function openBooks(): Books {
	const all: Booked[] = [];
	let next = 0;
	return {
		list: () => all,
		book(served, { atMs, pricedAtMs = atMs, billing = {} }) {
			if (billing.omit) return;
			const { usage } = served;
			const base = {
				atMs: atMs + (billing.later_ms ?? 0),
				pricedAtMs,
				serviceTier: usage.service_tier ?? "standard",
				inferenceGeo: usage.inference_geo ?? "not_available",
				fast: usage.speed === "fast",
				percent: billing.percent ?? 100,
			};
			toSteps(served).forEach((step, at) => {
				const isFirst = at === 0;
				all[next % maxBooked] = {
					...base,
					...toCounts(step.tokens),
					model: step.model,
					webSearches: isFirst
						? (usage.server_tool_use?.web_search_requests ?? 0)
						: 0,
					containerMills: isFirst ? (billing.container_mills ?? 0) : 0,
				};
				next++;
			});
		},
	};
}

type Tokens = Served["usage"] | Iteration;

/** A model that declines before it has written anything costs nothing, and another may have answered in its place. */
function toSteps({ model, stop_reason, usage }: Served) {
	const { iterations } = usage;
	if (!iterations?.length) {
		const declined = stop_reason === "refusal" && usage.output_tokens === 0;
		return declined ? [] : [{ model, tokens: usage as Tokens }];
	}
	return iterations.flatMap((step, at) => {
		const followed = iterations
			.slice(at + 1)
			.some(({ type }) => type === "fallback_message");
		const declined =
			step.output_tokens === 0 &&
			step.type === "message" &&
			(followed || stop_reason === "refusal");
		const served = "model" in step ? (step.model ?? model) : model;
		return declined ? [] : [{ model: served, tokens: step as Tokens }];
	});
}

function toCounts(tokens: Tokens): TokenCounts {
	const split = tokens.cache_creation;
	const write1h = split?.ephemeral_1h_input_tokens ?? 0;
	const writes = tokens.cache_creation_input_tokens ?? 0;
	return {
		input: tokens.input_tokens ?? 0,
		output: tokens.output_tokens ?? 0,
		cacheWrite1h: write1h,
		cacheWrite5m: split ? split.ephemeral_5m_input_tokens : writes - write1h,
		cacheRead: tokens.cache_read_input_tokens ?? 0,
	};
}
