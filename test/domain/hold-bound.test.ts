import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	type HoldAsk,
	type HoldMode,
	noHoldAmount,
	toHoldAmount,
} from "../../src/domain/hold-amount.ts";
import type { TokenCounts } from "../../src/domain/usage.ts";
import { asks, type Served, sonnet, toCost, toSlot } from "./hold-samples.ts";

const modes = fc.constantFrom<HoldMode[]>("usual", "strict");

/** What each slot adds to the hold. */
function toBounds(ask: HoldAsk, mode: HoldMode) {
	const upTo = (count: number) => {
		if (count === 0) return noHoldAmount;
		const slots = ask.slots.slice(0, count) as unknown as HoldAsk["slots"];
		return toHoldAmount({ ...ask, slots }, mode);
	};
	return ask.slots.map((slot, i) => ({
		slot,
		input: upTo(i + 1).inputTokens - upTo(i).inputTokens,
		output: upTo(i + 1).outputTokens - upTo(i).outputTokens,
	}));
}

const promptKinds = [
	"input",
	"cacheRead",
	"cacheWrite5m",
	"cacheWrite1h",
] as const;

/** The kinds that upstream may charge the prompt of such a call as. */
function allowedKinds(ask: HoldAsk) {
	if (ask.continuesThread || ask.cacheWrite === "1h") return promptKinds;
	const writes = ask.serverTools || ask.cacheWrite === "5m";
	return promptKinds.slice(0, writes ? 3 : 2);
}

/** Spreads a prompt over the kinds by `parts`. */
function spread(ask: HoldAsk, prompt: number, parts: readonly number[]) {
	const counts = {
		input: 0,
		cacheRead: 0,
		cacheWrite5m: 0,
		cacheWrite1h: 0,
		output: 0,
	};
	const kinds = allowedKinds(ask);
	let left = prompt;
	kinds.forEach((kind, i) => {
		const last = i === kinds.length - 1;
		const share = last ? left : Math.floor(left * (parts[i] ?? 0));
		counts[kind] += share;
		left -= share;
	});
	return counts;
}

const unit = fc.double({ min: 0, max: 1, noNaN: true });
/** Usage as parts of its bounds, and what upstream chose. */
const usages = fc.array(
	fc.record({
		prompt: fc.oneof(fc.constant(1), unit),
		output: fc.oneof(fc.constant(1), unit),
		parts: fc.array(fc.oneof(fc.constantFrom(0, 1), unit), {
			minLength: 3,
			maxLength: 3,
		}),
		fast: fc.boolean(),
		us: fc.boolean(),
	}),
	{ minLength: 4, maxLength: 4 },
);

describe("I-05: no usage within the hold's tokens costs more than the hold", () => {
	test("whatever the prices, the models, the cache and the mode of serving", () => {
		const bounded = fc.property(
			asks,
			modes,
			usages,
			unit,
			(ask, mode, usage, searched) => {
				const hold = toHoldAmount(ask, mode);
				const served = toBounds(ask, mode).map((bound, i): Served => {
					const use = usage[i];
					if (use === undefined) throw new RangeError("too few usages");
					const prompt = Math.floor(bound.input * use.prompt);
					const tokens: TokenCounts = {
						...spread(ask, prompt, use.parts),
						output: Math.floor(bound.output * use.output),
					};
					return {
						price: bound.slot.price,
						tokens,
						fast: use.fast && bound.slot.speed === "fast",
						us: use.us && ask.inferenceGeo !== "global",
						batch: ask.batch,
					};
				});
				const searches = Math.floor(hold.webSearches * searched);
				const cost = toCost(served, searches);
				expect(cost).toBeLessThanOrEqual(hold.nanos);
				expect(hold.inputNanos).toBeLessThanOrEqual(hold.nanos);
			},
		);
		fc.assert(bounded, { numRuns: 5_000 });
	});

	test("and some usage costs just as much: nothing is held for no reason", () => {
		const tight = fc.property(asks, modes, (ask, mode) => {
			// a fast mode that is not listed is guessed; factors must leave whole pico-dollars
			const sure = ask.slots.every(
				({ speed, price }) => speed !== "fast" || price.fast !== null,
			);
			fc.pre(sure);
			const hold = toHoldAmount(ask, mode);
			const served = toBounds(ask, mode).map(({ slot, input, output }) => ({
				price: slot.price,
				tokens: { ...spread(ask, 0, []), [dearest(ask, slot)]: input, output },
				fast: slot.speed === "fast",
				us: ask.inferenceGeo !== "global",
				batch: ask.batch,
			}));
			const most = toCost(served, hold.webSearches);
			// a unit price is rounded up to a pico-dollar: a thousandth of a nano for each token
			const slack = BigInt(hold.inputTokens + hold.outputTokens) / 1_000n + 1n;
			expect(hold.nanos - most).toBeLessThanOrEqual(slack);
		});
		fc.assert(tight, { numRuns: 1_000 });
	});
});

/** The kind that costs this slot most. Longer prompts and faster modes keep the order. */
function dearest(ask: HoldAsk, { price }: HoldAsk["slots"][0]) {
	return allowedKinds(ask).reduce((a, b) =>
		price.standard[b] > price.standard[a] ? b : a,
	);
}

describe("a hold is never less", () => {
	const more: readonly [string, (ask: HoldAsk) => HoldAsk][] = [
		["for more bytes", (ask) => ({ ...ask, textBytes: ask.textBytes + 999 })],
		["for an image more", (ask) => ({ ...ask, images: ask.images + 1 })],
		["for a file", (ask) => ({ ...ask, unsized: true })],
		["for server tools", (ask) => ({ ...ask, serverTools: true })],
		["for a thread", (ask) => ({ ...ask, continuesThread: true })],
		["for 1-hour writes", (ask) => ({ ...ask, cacheWrite: "1h" })],
		["for any geography", (ask) => ({ ...ask, inferenceGeo: null })],
		[
			"for one model more",
			(ask) => ({ ...ask, slots: [...ask.slots, toSlot(sonnet)] }),
		],
	];

	test.each(more)("%s", (_, change) => {
		const grows = fc.property(asks, modes, (ask, mode) => {
			const before = toHoldAmount(ask, mode);
			const after = toHoldAmount(change(ask), mode);
			expect(after.nanos).toBeGreaterThanOrEqual(before.nanos);
			expect(after.inputTokens).toBeGreaterThanOrEqual(before.inputTokens);
		});
		fc.assert(grows, { numRuns: 300 });
	});
});
