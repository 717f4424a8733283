/** An operator's own file of prices over the ones that are shipped. */
import { describe, expect, test } from "bun:test";
import { flat, million, row, sonnet } from "./own-rows.ts";
import {
	costOf,
	dollarsOf,
	noonOf,
	now,
	openOwn,
	openShipped,
} from "./usages.ts";

/** What a million tokens of Sonnet 5.5's input cost on a day. */
const inputOn = (day: string, prices: object[]) =>
	dollarsOf(
		million,
		{ atMs: noonOf(day) },
		openOwn({ models: [{ model: sonnet, prices }] }),
	);

describe("a row of one's own", () => {
	test("without days holds always", () => {
		for (const day of ["2020-01-01", "2026-10-01", "2026-11-22", "2030-01-01"])
			expect(inputOn(day, [row("1.5")])).toBe("1.5");
	});
	test("from a day on leaves what was before", () => {
		const prices = [row("1.5", { from: "2026-12-01" })];
		expect(inputOn("2026-11-30", prices)).toBe("2");
		expect(inputOn("2026-12-01", prices)).toBe("1.5");
		expect(inputOn("2030-01-01", prices)).toBe("1.5");
	});
	test("until a day, that day included, gives way to what is shipped", () => {
		const prices = [row("1.5", { from: "2026-12-01", until: "2026-12-31" })];
		expect(inputOn("2026-12-31", prices)).toBe("1.5");
		expect(inputOn("2027-01-01", prices)).toBe("2");
	});
	test("over another one is a visitor in it", () => {
		const prices = [
			row("1.5", { from: "2026-12-01" }),
			row("1", { from: "2026-12-24", until: "2026-12-26" }),
		];
		expect(inputOn("2026-12-23", prices)).toBe("1.5");
		expect(inputOn("2026-12-25", prices)).toBe("1");
		expect(inputOn("2026-12-27", prices)).toBe("1.5");
	});
	test("has the usual terms where it names none, and no fast mode", () => {
		const catalog = openOwn({
			models: [{ model: "claude-opus-5", prices: [row("4")] }],
		});
		expect(catalog.find("claude-opus-5", now).price).toMatchObject({
			id: "claude-opus-5",
			fast: null,
			longPrompt: null,
			batchPercent: 50,
			usPercent: 110,
			webSearch: 10_000_000_000n,
			maxInputTokens: 1_000_000,
			maxBatchOutputTokens: 300_000,
		});
	});
	test("may say everything", () => {
		const catalog = openOwn({
			models: [
				{
					model: "claude-opus-5",
					prices: [
						row("1", {
							from: "2026-11-01",
							longPrompt: { aboveTokens: 10, ...flat("2") },
							fast: flat("3"),
							batchPercent: 40,
							usPercent: null,
							webSearch: "0.02",
						}),
					],
				},
			],
		});
		const cost = (part: object) =>
			dollarsOf({ model: "claude-opus-5", ...part }, {}, catalog);
		expect(cost({ input: 10 })).toBe("0.00001");
		expect(cost({ input: 11 })).toBe("0.000022");
		expect(cost({ output: 10, speed: "fast" })).toBe("0.00003");
		expect(cost({ output: 10, serviceTier: "batch" })).toBe("0.000004");
		expect(cost({ webSearches: 1 })).toBe("0.02");
	});
	test("is told from the shipped ones", () => {
		const catalog = openOwn({
			models: [{ model: sonnet, prices: [row("1.5", { from: "2026-12-01" })] }],
		});
		const model = catalog.models.find((one) => one.model === sonnet);
		expect(model?.rows.map(({ from, own }) => [from, own])).toEqual([
			["2026-09-28", false],
			["2026-10-07", false],
			["2026-12-01", true],
		]);
	});
});

describe("a model of one's own", () => {
	const own = {
		models: [
			{
				model: "house-model",
				aliases: ["house"],
				maxInputTokens: 1_000,
				maxOutputTokens: 100,
				prices: [row("1", { until: "2026-12-31" })],
			},
		],
	};
	const catalog = openOwn(own);
	test("is known by its name and other names", () => {
		expect(dollarsOf({ ...million, model: "house" }, {}, catalog)).toBe("1");
		expect(
			costOf({ ...million, model: "house-model" }, {}, catalog),
		).toMatchObject({
			state: "exact",
			price: "house-model",
		});
	});
	test("is unknown when its price has ended", () => {
		expect(catalog.find("house", noonOf("2027-01-01"))).toMatchObject({
			match: "any",
			known: false,
		});
	});
	test("leaves the others as they are", () => {
		const shipped = openShipped();
		for (const { model } of shipped.models)
			expect(catalog.find(model, now)).toEqual(shipped.find(model, now));
	});
});

describe("what is shipped may be given other names and sizes", () => {
	const catalog = openOwn({
		models: [
			{
				model: sonnet,
				aliases: ["default"],
				maxInputTokens: 200_000,
				retiresOn: "2026-11-30",
			},
		],
	});
	test("with its prices as they are", () => {
		expect(catalog.find("default", now)).toMatchObject({
			match: "alias",
			price: { id: `${sonnet}@2026-10-07`, maxInputTokens: 200_000 },
		});
	});
});
