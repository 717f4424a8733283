import { describe, expect, test } from "bun:test";
import { listChanges } from "../../scripts/price-changes.ts";
import { toShippedText } from "../../scripts/shipped-prices.ts";
import { readDocument } from "../../src/pricing/read-document.ts";

const prices = {
	input: 5,
	output: 25,
	cache_write_5m: 6.25,
	cache_write_1h: 10,
	cache_read: 0.5,
};
const surcharge = { ...prices, input: 10, output: 37.5, cache_read: 1 };
const fast = { ...prices, input: 10, cache_read: 1, removed_on: null };

const listed = {
	schema_version: 1,
	as_of: "2026-11-22",
	currency: "USD",
	models: [
		{
			id: "m-1",
			aliases: ["m"],
			unofficial_aliases: ["m-1-dated"],
			...prices,
			batch_multiplier: 0.5,
			us_geo_multiplier: 1.1,
			web_search_per_request: 0.01,
			long_context: null,
			fast: { ...fast, removed_on: "2026-11-30" },
			max_input_tokens: 1_000_000,
			max_output_tokens: 128_000,
			max_output_tokens_batch_beta: 300_000,
			released: "2026-02-05",
			retires_on: "2027-02-05",
			history: [
				{
					from: "2026-02-05",
					until: "2026-03-12",
					long_context: { threshold_tokens: 200_000, ...surcharge },
					note: "Beta surcharge.",
				},
				{
					from: "2026-03-01",
					until: "2026-04-01",
					cache_read: 1,
					note: "Dear reads.",
				},
			],
			notes: "Limited; deprecated_on is approximate.",
		},
		{
			id: "m-0",
			aliases: [],
			unofficial_aliases: [],
			...prices,
			cache_write_5m: null,
			cache_write_1h: null,
			cache_read: null,
			batch_multiplier: null,
			us_geo_multiplier: null,
			web_search_per_request: null,
			long_context: null,
			fast: null,
			max_input_tokens: 100_000,
			max_output_tokens: 4_096,
			max_output_tokens_batch_beta: null,
			released: null,
			retires_on: null,
			history: [],
		},
	],
};

const text = toShippedText(listed);
const [model, old] = JSON.parse(text).models;

describe("from a list to the document that is shipped", () => {
	test("overlapping histories become rows one after the other", () => {
		const rows = model.prices.map(
			(row: {
				from: string;
				standard: { cacheRead: string };
				longPrompt?: object;
				fast?: object;
				note?: string;
			}) => [
				row.from,
				row.standard.cacheRead,
				"longPrompt" in row,
				"fast" in row,
				row.note,
			],
		);
		expect(rows).toEqual([
			["2026-02-05", "0.5", true, true, "Beta surcharge."],
			["2026-03-01", "1", true, true, "Beta surcharge. Dear reads."],
			["2026-03-13", "1", false, true, "Dear reads."],
			["2026-04-02", "0.5", false, true, undefined],
			["2026-12-01", "0.5", false, false, undefined],
		]);
	});

	test("what a model is", () => {
		expect(model).toMatchObject({
			model: "m-1",
			aliases: ["m", "m-1-dated"],
			maxInputTokens: 1_000_000,
			maxOutputTokens: 128_000,
			maxBatchOutputTokens: 300_000,
			retiresOn: "2027-02-05",
			note: "Limited.",
		});
		expect(model.prices[0]).toMatchObject({
			standard: { input: "5", cacheWrite5m: "6.25", output: "25" },
			longPrompt: { aboveTokens: 200_000, input: "10", output: "37.5" },
			batchPercent: 50,
			usPercent: 110,
			webSearch: "0.01",
		});
	});

	test("caching without a price of its own has the usual multiples", () => {
		expect(old.prices).toEqual([
			{
				standard: {
					input: "5",
					cacheWrite5m: "6.25",
					cacheWrite1h: "10",
					cacheRead: "0.5",
					output: "25",
				},
				batchPercent: null,
				usPercent: null,
			},
		]);
	});

	test("is a document of prices", () => {
		expect(readDocument(text).problems).toBeUndefined();
	});

	test.each([
		{ ...listed, currency: "EUR" },
		{ ...listed, schema_version: 2 },
		{ ...listed, models: [{ ...listed.models[0], input: 1e-13 }] },
		{ ...listed, models: [{ ...listed.models[0], history: [{}] }] },
	])("a list of another kind is refused (%#)", (other) => {
		expect(() => toShippedText(other)).toThrow();
	});
});

describe("what changed", () => {
	const before = JSON.parse(text);
	test("nothing", () => {
		expect(listChanges(before, JSON.parse(text))).toEqual([
			["no price changed"],
		]);
	});
	test("a price, a model that came, one that went, a row", () => {
		const now = JSON.parse(text);
		now.models[0].prices[0].standard.input = "4";
		now.models[0].prices.pop();
		now.models[1].model = "m-2";
		const changes = listChanges(before, now).map((row) => row.join(" "));
		expect(changes).toContain("m-1 2026-02-05 standard.input 5 4");
		expect(changes).toContain("m-1 2026-12-01 standard.input 5 -");
		expect(changes).toContain("m-2  maxInputTokens - 100000");
		expect(changes).toContain("m-0 always batchPercent null -");
	});
});
