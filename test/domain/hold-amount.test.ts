import { describe, expect, test } from "bun:test";
import {
	addHoldAmounts,
	type HoldAsk,
	type HoldMode,
	noHoldAmount,
	toHoldAmount,
} from "../../src/domain/hold-amount.ts";
import { maxCallNanos, toDollarText, toNanos } from "../../src/domain/nanos.ts";
import { haiku, opus, sonnet, toAsk, toPrice, toSlot } from "./hold-samples.ts";

function holdOf(rest: Partial<HoldAsk>, mode: HoldMode = "usual") {
	const amount = toHoldAmount(toAsk(rest), mode);
	return {
		tokens: [amount.inputTokens, amount.outputTokens],
		dollars: toDollarText(amount.nanos),
	};
}

describe("what a call holds", () => {
	test.each<[string, Partial<HoldAsk>, [number, number], string]>([
		["half its bytes", {}, [500, 1_000], "0.011"],
		["rounded up", { textBytes: 1_001 }, [501, 1_000], "0.011002"],
		["5,000 for an image", { images: 2 }, [10_500, 1_000], "0.031"],
		["1,000 for having tools", { tools: 60 }, [1_500, 1_000], "0.013"],
		[
			"1,000 more for each that upstream describes",
			{ tools: 60, builtInTools: 2 },
			[3_500, 1_000],
			"0.017",
		],
		["5-minute writes", { cacheWrite: "5m" }, [500, 1_000], "0.01125"],
		["1-hour writes", { cacheWrite: "1h" }, [500, 1_000], "0.012"],
		["a tenth for the US", { inferenceGeo: "us" }, [500, 1_000], "0.0121"],
		[
			"also where the workspace may say so",
			{ inferenceGeo: null },
			[500, 1_000],
			"0.0121",
		],
		["half in a batch", { batch: true }, [500, 1_000], "0.0055"],
		[
			"no more input than the window",
			{ textBytes: 30_000_000 },
			[1_000_000, 1_000],
			"2.01",
		],
		["the window for a file", { unsized: true }, [1_000_000, 1_000], "2.01"],
		[
			"the window and 5-minute writes for server tools",
			{ serverTools: true },
			[1_000_000, 1_000],
			"2.51",
		],
		[
			"the window and 1-hour writes for a thread",
			{ continuesThread: true },
			[1_000_000, 1_000],
			"4.01",
		],
		[
			"what upstream counted and a twentieth",
			{ countedTokens: 101, unsized: true, images: 7 },
			[107, 1_000],
			"0.010214",
		],
		[
			"the window for a file, whatever was counted",
			{ countedTokens: 101, unsized: true, elsewhere: true },
			[1_000_000, 1_000],
			"2.01",
		],
		[
			"the window for server tools, whatever was counted",
			{ countedTokens: 101, serverTools: true },
			[1_000_000, 1_000],
			"2.51",
		],
		[
			"searches as allowed, or fifty",
			{ webSearches: [5, null] },
			[500, 1_000],
			"0.561",
		],
	])("%s", (_, rest, tokens, dollars) => {
		expect(holdOf(rest)).toEqual({ tokens, dollars });
	});

	test("every byte, where that is asked for", () => {
		const held = holdOf({ images: 1 }, "strict");
		expect(held).toEqual({ tokens: [6_000, 1_000], dollars: "0.022" });
	});

	test.each<[string, Partial<HoldAsk["slots"][0]>, number]>([
		["as asked", { maxTokens: 77 }, 77],
		["nothing to warm a cache", { maxTokens: 0 }, 0],
		["the model's cap where nothing is asked", { maxTokens: null }, 128_000],
		["the model's cap", { maxTokens: Number.MAX_SAFE_INTEGER }, 128_000],
	])("output: %s", (_, slot, output) => {
		expect(holdOf({ slots: [toSlot(sonnet, slot)] }).tokens[1]).toBe(output);
	});

	test("a batch may write more", () => {
		const slots = [toSlot(sonnet, { maxTokens: 299_000 })] as const;
		expect(holdOf({ slots, batch: true }).tokens[1]).toBe(299_000);
	});

	test.each<[string | null, string]>([
		[null, "0.022"],
		["standard", "0.022"],
		["fast", "0.044"],
		["turbo", "0.044"],
	])("speed %s holds %s", (speed, dollars) => {
		expect(holdOf({ slots: [toSlot(opus, { speed })] }).dollars).toBe(dollars);
	});

	test("the dear row as soon as the prompt can be longer than the threshold", () => {
		const slots = [toSlot(haiku)] as const;
		expect(holdOf({ slots, textBytes: 200_000 }).dollars).toBe("0.0105");
		expect(holdOf({ slots, textBytes: 200_001 }).dollars).toBe("0.0525005");
	});

	test("every model that may run; each reads what those before it wrote", () => {
		const slots = [
			toSlot(sonnet),
			toSlot(opus, { maxTokens: 200 }),
			toSlot(haiku),
		] as const;
		// 500 × 2 + 1,000 × 10, 1,500 × 4 + 200 × 20, 1,700 × 0.1 + 1,000 × 0.5
		expect(holdOf({ slots })).toEqual({
			tokens: [3_700, 2_200],
			dollars: "0.02167",
		});
	});

	test("what was counted is one model's: others may make more tokens of a text", () => {
		const other = toPrice({ standard: [2, 10, 2.5, 4, 0.1] });
		const slots = [
			toSlot(sonnet),
			toSlot(sonnet),
			toSlot({ ...other, model: "other" }),
		] as const;
		// 105, 105 + 1,000, 500 + 2,000
		const { tokens } = holdOf({ slots, countedTokens: 100 });
		expect(tokens).toEqual([3_710, 3_000]);
	});

	test("a call that nobody saw the end of comes to its prompt, read once", () => {
		const slots = [toSlot(sonnet), toSlot(opus)] as const;
		const { inputNanos } = toHoldAmount(
			toAsk({ slots, webSearches: [null], cacheWrite: "5m" }),
			"usual",
		);
		expect(toDollarText(inputNanos)).toBe("0.00125");
	});

	test("ten Claude Code calls of 90 KB do not fill a $20 budget", () => {
		const slots = [toSlot(opus, { maxTokens: 32_000 })] as const;
		const call = { slots, textBytes: 90_000, tools: 30, inferenceGeo: null };
		const held = holdOf({ ...call, cacheWrite: "5m" });
		expect(held).toEqual({ tokens: [46_000, 32_000], dollars: "0.957" });
	});
});

describe("the items of a batch", () => {
	test("are added up", () => {
		const item = toHoldAmount(
			toAsk({ batch: true, webSearches: [2] }),
			"usual",
		);
		const sum = addHoldAmounts(addHoldAmounts(noHoldAmount, item), item);
		expect(sum).toEqual({
			inputTokens: 1_000,
			outputTokens: 2_000,
			webSearches: 4,
			inputNanos: toNanos(1_000_000n),
			nanos: toNanos(51_000_000n),
		});
	});

	test("I-08: a sum that no column holds stays at the most that one can", () => {
		const row = [1e9, 1e9, 1e9, 1e9, 1e9] as const;
		const slot = toSlot(toPrice({ standard: row }), { maxTokens: null });
		const slots = Array.from({ length: 20_000 }, () => slot);
		const ask = toAsk({ slots: slots as never, unsized: true });
		const huge = toHoldAmount(ask, "usual");
		expect(huge.nanos).toBe(maxCallNanos);
		expect(addHoldAmounts(huge, huge).nanos).toBe(maxCallNanos);
		expect(Number.isSafeInteger(huge.inputTokens)).toBe(true);
	});
});
