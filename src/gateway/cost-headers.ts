/** What a reply that is read whole tells its client of the call, in LiteLLM's headers. */
import type { Limit, Measure } from "../domain/limit.ts";
import { toDecimalText, toDollarText, toNanos } from "../domain/nanos.ts";
import type { CostParts } from "../pricing/cost.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import { toUpstreamUrl } from "./upstream-url.ts";

const picoPlaces = 12;

/** Per header the part of the cost it tells. One of nothing is left out, but for the first two. */
const parts: readonly (readonly [header: string, part: keyof CostParts])[] = [
	["x-litellm-response-cost-input", "input"],
	["x-litellm-response-cost-output", "output"],
	["x-litellm-response-cost-cache-read", "cacheRead"],
	["x-litellm-response-cost-cache-creation", "cacheWrite"],
	["x-litellm-response-cost-tool-usage", "tools"],
];

const always: ReadonlySet<string> = new Set(["input", "output"]);

/** Microseconds are enough, and half as dear as `toFixed`. */
const toMilliseconds = (milliseconds: number): string =>
	String(Math.round(milliseconds * 1000) / 1000);

/** For a call that is settled. Costs are dollars as plain decimals, exact; an unpriced one has none. */
export function addCostHeaders(
	headers: Headers,
	call: OpenCall,
	gateway: Gateway,
): void {
	const { entry, charge, route } = call;
	headers.set("x-litellm-version", gateway.versionName);
	headers.set("x-litellm-model-api-base", toUpstreamUrl(route, gateway));
	if (entry === null) return;
	addTimes(headers, call, gateway);
	if (entry.cost === null) return;
	const cost = toDollarText(entry.cost);
	headers.set("x-litellm-response-cost", cost);
	headers.set("x-litellm-response-cost-original", cost);
	if (!charge?.bill) return;
	for (const [header, part] of parts) {
		const picos = charge.bill.parts[part];
		if (picos === 0n && !always.has(part)) continue;
		headers.set(header, toDecimalText(picos, picoPlaces));
	}
}

/** Per measure the header that tells the key's own limit. */
const ofKey: Readonly<Partial<Record<Measure, string>>> = {
	requests: "x-litellm-key-rpm-limit",
	tokens: "x-litellm-key-tpm-limit",
};

type HeaderRow = readonly [name: string, value: string];

/** What the key may use, by the list of its limits: it stays the same for many calls, and its numbers are texts once. */
export type KeyHeaders = WeakMap<readonly Limit[], readonly HeaderRow[]>;

/** What the key may use, and had spent: only what there is. Without a budget nobody counts what a key has spent. */
export function addKeyHeaders(
	headers: Headers,
	{ limits, keyBudget, spendAtStart }: OpenCall,
	{ keyHeaders }: Gateway,
): void {
	if (spendAtStart !== null) {
		headers.set("x-litellm-key-spend", toDollarText(spendAtStart));
	}
	if (limits.length === 0 && keyBudget.length === 0) return;
	let rows = keyHeaders.get(limits);
	if (rows === undefined) {
		rows = toKeyRows(limits, keyBudget);
		keyHeaders.set(limits, rows);
	}
	for (const [name, value] of rows) headers.set(name, value);
}

const toKeyRows = (
	limits: readonly Limit[],
	keyBudget: readonly Limit[],
): readonly HeaderRow[] => [
	...keyBudget.map(({ ceiling }): HeaderRow => {
		return ["x-litellm-key-max-budget", toDollarText(toNanos(ceiling))];
	}),
	...limits.flatMap(({ subject, measure, model, ceiling }): HeaderRow[] => {
		const name = ofKey[measure];
		const isKeys = subject.kind === "key" && model === null;
		return name !== undefined && isKeys ? [[name, String(ceiling)]] : [];
	}),
];

/** The whole time, and how much of it was ours: all but the wait for upstream. */
function addTimes(headers: Headers, call: OpenCall, gateway: Gateway): void {
	const wholeMs = gateway.clock.monotonic() - call.startMs;
	headers.set("x-litellm-response-duration-ms", toMilliseconds(wholeMs));
	headers.set(
		"x-litellm-overhead-duration-ms",
		toMilliseconds(wholeMs - call.upstreamMs),
	);
}
