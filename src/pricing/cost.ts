/** What a call cost: a usage, times the prices in force. Pure. */
import type { TruthState } from "../domain/entry.ts";
import {
	maxCallNanos,
	type Nanos,
	noPicos,
	type Picos,
} from "../domain/nanos.ts";
import {
	addSum,
	addTimes,
	openPicoSum,
	type PicoSum,
	toSumNanos,
	toSumPicos,
} from "../domain/pico-sum.ts";
import { type Price, toRates } from "../domain/price.ts";
import type { Usage } from "../domain/usage.ts";
import type { Catalog } from "./catalog.ts";
import { type CostNote, toState } from "./cost-notes.ts";
import { isCountable, listDoubts } from "./doubts.ts";
import { type Sampling, toBilled } from "./samplings.ts";

/** What a usage does not say of its call. */
export interface CostContext {
	/** The call's start (a batch: its creation), which decides the prices in force. Milliseconds since 1970. */
	readonly atMs: number;
	/** Stands in where the reply does not name its model. */
	readonly requestedModel: string | null;
	/** It came out of a batch's results, whatever its service tier says. */
	readonly inBatch?: boolean;
	/** Fetch or MCP ran at upstream, of which a usage does not tell: without iterations, its counts may be the sum of several samplings. */
	readonly ranServerTools?: boolean;
	/** The request declares a search or fetch tool (`…_20260209` or later) with which code execution costs nothing. */
	readonly isCodeFree?: boolean;
	/** The counts are not upstream's final ones. */
	readonly isUnfinished?: boolean;
}

/** What the cost consists of, each rounded up to a whole pico-dollar; only an odd factor of the operator's leaves anything to round. */
export interface CostParts {
	readonly input: Picos;
	readonly output: Picos;
	readonly cacheRead: Picos;
	readonly cacheWrite: Picos;
	/** Web searches. */
	readonly tools: Picos;
}

export interface Cost {
	/** Null: unpriced. */
	readonly nanos: Nanos | null;
	readonly state: TruthState;
	readonly parts: CostParts;
	/** The prices used, with the factors applied to them, joined by a blank; null where nothing was charged. As in `Entry`. */
	readonly price: string | null;
	/** The catalog's version. */
	readonly catalog: string;
	readonly notes: readonly CostNote[];
}

/** A cost in the making. What nearly no call has is made when it is needed. */
interface Bill {
	readonly catalog: Catalog;
	readonly atMs: number;
	readonly servedModel: string;
	readonly fast: boolean;
	readonly batch: boolean;
	readonly us: boolean;
	/** What is counted may be the sum of several samplings. */
	readonly isSum: boolean;
	/** Null: nothing has been added. */
	readonly parts: { -readonly [Part in keyof CostParts]: PicoSum | null };
	/** As in Cost. */
	price: string | null;
	notes: readonly CostNote[];
}

const noNotes: readonly CostNote[] = [];

function openBill(usage: Usage, catalog: Catalog, context: CostContext): Bill {
	return {
		catalog,
		atMs: context.atMs,
		servedModel: usage.model ?? context.requestedModel ?? "",
		fast: usage.speed === "fast",
		batch: usage.serviceTier === "batch" || context.inBatch === true,
		us: usage.inferenceGeo === "us",
		isSum:
			usage.iterations.length === 0 &&
			(usage.webSearches > 0 ||
				usage.codeExecutions > 0 ||
				context.ranServerTools === true),
		parts: {
			input: null,
			output: null,
			cacheRead: null,
			cacheWrite: null,
			tools: null,
		},
		price: null,
		notes: noNotes,
	};
}

function note(bill: Bill, what: CostNote): void {
	if (!bill.notes.includes(what)) bill.notes = [...bill.notes, what];
}

function addPrice(bill: Bill, name: string): void {
	const { price } = bill;
	if (price === null) bill.price = name;
	else if (!price.split(" ").includes(name)) bill.price = `${price} ${name}`;
}

function add(
	bill: Bill,
	part: keyof CostParts,
	count: number,
	picos: Picos,
	millionths?: number,
): void {
	if (count === 0) return;
	const sum = bill.parts[part] ?? openPicoSum();
	bill.parts[part] = sum;
	addTimes(sum, count, picos, millionths);
}

/** What upstream's price list leaves open. */
function noteOffers(bill: Bill, usage: Usage, context: CostContext): void {
	if (bill.fast && bill.batch) note(bill, "fast_batch");
	if (bill.batch && bill.notes.includes("declined_free")) {
		note(bill, "declined_batch");
	}
	if (usage.codeExecutions > 0 && !context.isCodeFree) {
		note(bill, "container_time");
	}
}

const unlistedNotes = {
	promptTokens: "unlisted_long",
	fast: "unlisted_fast",
	batch: "unlisted_batch",
	us: "unlisted_us",
} as const satisfies Record<string, CostNote>;

function findPrice(model: string, bill: Bill): Price | null {
	const { price, match, known } = bill.catalog.find(model, bill.atMs);
	if (!known) note(bill, price ? "unknown_model" : "no_price");
	if (match === "early") note(bill, "early_price");
	return price;
}

/** The speed is the response's: an adviser whose model has no fast mode did not run in it. */
function isFast({ model }: Sampling, price: Price, bill: Bill): boolean {
	if (!bill.fast || price.fast !== null) return bill.fast;
	note(bill, "unlisted_fast");
	return model === null || model === bill.servedModel;
}

function charge(sampling: Sampling, bill: Bill): void {
	const price = findPrice(sampling.model ?? bill.servedModel, bill);
	if (price === null) return;
	const { input, output, cacheWrite5m, cacheWrite1h, cacheRead } = sampling;
	const promptTokens = input + cacheWrite5m + cacheWrite1h + cacheRead;
	const { prices, millionths, name, unlisted } = toRates(price, {
		promptTokens,
		fast: isFast(sampling, price, bill),
		batch: bill.batch,
		us: bill.us,
	});
	for (const what of unlisted) note(bill, unlistedNotes[what]);
	const { longPrompt } = price;
	if (bill.isSum && longPrompt && promptTokens > longPrompt.aboveTokens) {
		note(bill, "prompt_of_several");
	}
	addPrice(bill, name);
	add(bill, "input", input, prices.input, millionths);
	add(bill, "output", output, prices.output, millionths);
	add(bill, "cacheRead", cacheRead, prices.cacheRead, millionths);
	add(bill, "cacheWrite", cacheWrite5m, prices.cacheWrite5m, millionths);
	add(bill, "cacheWrite", cacheWrite1h, prices.cacheWrite1h, millionths);
}

/** Once per call, whatever ran within it; no factor touches it. */
function chargeSearches({ webSearches }: Usage, bill: Bill): void {
	if (webSearches === 0) return;
	const price = findPrice(bill.servedModel, bill);
	if (price === null) return;
	addPrice(bill, `${price.id}*search`);
	add(bill, "tools", webSearches, price.webSearch);
}

function toUnpriced({ version }: Catalog, notes: readonly CostNote[]): Cost {
	return {
		nanos: null,
		state: "unpriced",
		parts: {
			input: noPicos,
			output: noPicos,
			cacheRead: noPicos,
			cacheWrite: noPicos,
			tools: noPicos,
		},
		price: null,
		catalog: version,
		notes,
	};
}

const toPart = (sum: PicoSum | null): Picos =>
	sum === null ? noPicos : toSumPicos(sum);

function toTotal(bill: Bill): Cost {
	const { catalog, notes, price } = bill;
	if (notes.includes("no_price")) return toUnpriced(catalog, notes);
	const { input, output, cacheRead, cacheWrite, tools } = bill.parts;
	const sum = openPicoSum();
	if (input !== null) addSum(sum, input);
	if (output !== null) addSum(sum, output);
	if (cacheRead !== null) addSum(sum, cacheRead);
	if (cacheWrite !== null) addSum(sum, cacheWrite);
	if (tools !== null) addSum(sum, tools);
	const nanos = toSumNanos(sum);
	if (nanos > maxCallNanos)
		return toUnpriced(catalog, [...notes, "bad_counts"]);
	return {
		nanos,
		state: toState(notes),
		parts: {
			input: toPart(input),
			output: toPart(output),
			cacheRead: toPart(cacheRead),
			cacheWrite: toPart(cacheWrite),
			tools: toPart(tools),
		},
		price,
		catalog: catalog.version,
		notes,
	};
}

/** Never throws: counts that are none make the cost `unpriced`. */
export function toCost(
	usage: Usage,
	catalog: Catalog,
	context: CostContext,
): Cost {
	if (!isCountable(usage)) return toUnpriced(catalog, ["bad_counts"]);
	const bill = openBill(usage, catalog, context);
	const { samplings, notes } = toBilled(usage);
	for (const what of notes) note(bill, what);
	if (samplings.length > 0) {
		for (const what of listDoubts(usage, context)) note(bill, what);
	}
	noteOffers(bill, usage, context);
	for (const sampling of samplings) charge(sampling, bill);
	chargeSearches(usage, bill);
	return toTotal(bill);
}
