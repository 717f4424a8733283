import { divideUp, noPicos, type Picos, toPicos } from "./nanos.ts";
import type { TokenCounts } from "./usage.ts";

/** Pico-dollars for one token of each kind. */
export type TokenPrices = { readonly [Kind in keyof TokenCounts]: Picos };

/** What one model costs at one time; every factor of the operator's own is already in it. */
export interface Price {
	/** The row of the catalog: model and the first day it holds, `claude-sonnet-5-5@2026-10-07`. */
	readonly id: string;
	readonly model: string;
	readonly standard: TokenPrices;
	/** When the prompt of one sampling (input, cache writes and cache reads together) is longer than `aboveTokens`. */
	readonly longPrompt: {
		readonly aboveTokens: number;
		readonly prices: TokenPrices;
	} | null;
	/** Null where the model has no fast mode at this time. */
	readonly fast: TokenPrices | null;
	/** Null where the model cannot be batched. In percent, as a whole number: 50. */
	readonly batchPercent: number | null;
	/** For inference in the US; null where upstream refuses to be asked for it. In percent: 110. */
	readonly usPercent: number | null;
	readonly webSearch: Picos;
	/** The context window, and the most that one reply can hold, in tokens; in a batch it may hold more. */
	readonly maxInputTokens: number;
	readonly maxOutputTokens: number;
	readonly maxBatchOutputTokens: number;
}

/** How one sampling came about, as far as it decides the price. */
export interface Sampled {
	/** Input, cache writes and cache reads together. */
	readonly promptTokens: number;
	readonly fast: boolean;
	readonly batch: boolean;
	readonly us: boolean;
}

/** How one sampling is charged: token prices, times `millionths`. */
export interface Rates {
	readonly prices: TokenPrices;
	/** 1,000,000 where no factor applies. */
	readonly millionths: number;
	/** The price's id and what was applied: `claude-opus-5-5@2026-09-22*fast*us110`. */
	readonly name: string;
	/** What the sampling had and the price does not list, so that the factor is a guess. */
	readonly unlisted: readonly (keyof Sampled)[];
}

/** Factors multiply: of three in percent, this is one. */
export const oneInMillionths = 100 * 100 * 100;

interface Factor {
	readonly kind: "fast" | "batch" | "us";
	/** Null: the price lists none. */
	readonly percentOf: (price: Price) => number | null;
	/** What stands in then. */
	readonly guessPercent: number;
}

/** The guesses: every fast mode on offer doubles, no batch discount is owed, US inference adds a tenth wherever it can be had. */
const factors: readonly Factor[] = [
	{
		kind: "fast",
		percentOf: ({ fast }) => (fast === null ? null : 100),
		guessPercent: 200,
	},
	{
		kind: "batch",
		percentOf: ({ batchPercent }) => batchPercent,
		guessPercent: 100,
	},
	{ kind: "us", percentOf: ({ usPercent }) => usPercent, guessPercent: 110 },
];

const nothing: readonly (keyof Sampled)[] = [];
const longAndFast: typeof nothing = ["promptTokens"];

/** Which of the price's rows a sampling is charged at, and with which factors. */
export function toRates(price: Price, sampled: Sampled): Rates {
	const long = isLong(price, sampled);
	const quick = sampled.fast && price.fast !== null;
	let unlisted = long && quick ? longAndFast : nothing;
	let name = price.id;
	if (quick) name += "*fast";
	if (long) name += "*long";
	for (const { kind, percentOf, guessPercent } of factors) {
		if (!sampled[kind]) continue;
		const listed = percentOf(price);
		if (listed === null) unlisted = [...unlisted, kind];
		const percent = listed ?? guessPercent;
		if (percent !== 100) name += `*${kind}${percent}`;
	}
	return {
		prices: toTokenPrices(price, sampled),
		millionths: toMillionths(price, sampled),
		name,
		unlisted,
	};
}

function toMillionths(price: Price, sampled: Sampled): number {
	let millionths = oneInMillionths;
	for (const { kind, percentOf, guessPercent } of factors) {
		if (!sampled[kind]) continue;
		millionths = (millionths * (percentOf(price) ?? guessPercent)) / 100;
	}
	return millionths;
}

const isLong = ({ longPrompt }: Price, { promptTokens }: Sampled): boolean =>
	longPrompt !== null && promptTokens > longPrompt.aboveTokens;

function toTokenPrices(price: Price, sampled: Sampled): TokenPrices {
	const long = isLong(price, sampled) ? price.longPrompt : null;
	const quick = sampled.fast ? price.fast : null;
	if (long && quick) return toBoth(price.standard, long.prices, quick);
	return quick ?? long?.prices ?? price.standard;
}

/** No list says what a long prompt costs in fast mode; like all factors, the two multiply. */
function toBoth(
	standard: TokenPrices,
	long: TokenPrices,
	quick: TokenPrices,
): TokenPrices {
	const times = (kind: keyof TokenPrices): Picos =>
		standard[kind] === 0n
			? quick[kind]
			: toPicos(divideUp(long[kind] * quick[kind], standard[kind]));
	return {
		input: times("input"),
		output: times("output"),
		cacheWrite5m: times("cacheWrite5m"),
		cacheWrite1h: times("cacheWrite1h"),
		cacheRead: times("cacheRead"),
	};
}

/** What a request asks for, as far as it decides the price. */
export interface Asked {
	/** No fewer than the prompt can turn out to have. */
	readonly promptTokens: number;
	/** The dearest the body asks for. Server tools write to the cache by themselves, for five minutes. */
	readonly cacheWrite: "none" | "5m" | "1h";
	readonly fast: boolean;
	readonly batch: boolean;
	/** False only where the body itself says `global`: a workspace may have the US as its default. */
	readonly mayBeUs: boolean;
}

const promptKinds = {
	none: ["input", "cacheRead"],
	"5m": ["input", "cacheRead", "cacheWrite5m"],
	"1h": ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h"],
} as const satisfies Record<string, readonly (keyof TokenPrices)[]>;

/** The most that one token of the prompt, and one of the output, can cost a call that asks so; rounded up. */
export function toHighestPrices(
	price: Price,
	asked: Asked,
): { readonly prompt: Picos; readonly output: Picos } {
	const sampled = {
		promptTokens: asked.promptTokens,
		fast: asked.fast,
		batch: asked.batch,
		us: asked.mayBeUs && price.usPercent !== null,
	};
	const prices = toTokenPrices(price, sampled);
	const millionths = toMillionths(price, sampled);
	let dearest = noPicos;
	for (const kind of promptKinds[asked.cacheWrite]) {
		if (prices[kind] > dearest) dearest = prices[kind];
	}
	return {
		prompt: timesUp(dearest, millionths),
		output: timesUp(prices.output, millionths),
	};
}

/** Rounded up. In numbers where they are exact: bigints cost ten times as much, and each is an object more. */
function timesUp(picos: Picos, millionths: number): Picos {
	if (millionths === oneInMillionths) return picos;
	const product = Number(picos) * millionths;
	if (!Number.isSafeInteger(product)) {
		const exact = picos * BigInt(millionths);
		return toPicos(divideUp(exact, BigInt(oneInMillionths)));
	}
	const rest = product % oneInMillionths;
	const whole = (product - rest) / oneInMillionths;
	return toPicos(BigInt(rest === 0 ? whole : whole + 1));
}
