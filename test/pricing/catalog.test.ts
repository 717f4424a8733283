import { describe, expect, test } from "bun:test";
import type { Match } from "../../src/pricing/catalog.ts";
import { row } from "./own-rows.ts";
import { noonOf, now, openOwn, openShipped } from "./usages.ts";

const catalog = openShipped();

describe("how a name is matched", () => {
	const rows: [string, Match, string][] = [
		["claude-sonnet-5-5", "id", "claude-sonnet-5-5@2026-10-07"],
		["claude-haiku-4-5", "alias", "claude-haiku-4-5-20251001@2025-10-15"],
		["claude-sonnet-5-5[1m]", "window", "claude-sonnet-5-5@2026-10-07"],
		["claude-haiku-4-5[1m]", "window", "claude-haiku-4-5-20251001@2025-10-15"],
		["claude-opus-5-20260724", "snapshot", "claude-opus-5@2026-07-24"],
		["claude-opus-5-20260724[1m]", "snapshot", "claude-opus-5@2026-07-24"],
		["claude-fable-6", "family", "claude-fable-5-1@2026-09-01"],
		["claude-mythos-9", "family", "claude-mythos-preview@2026-04-07"],
		["claude-opus-6-preview", "family", "claude-opus-5@2026-07-24"],
		["CLAUDE-OPUS-6", "family", "claude-opus-5@2026-07-24"],
		["claude-sonnet-5.5", "family", "claude-sonnet-4-6@2026-03-13"],
		["claude-haiku-6", "family", "claude-haiku-4-5-20251001@2025-10-15"],
		["claude-sonnet-5-5-2026100", "family", "claude-sonnet-4-6@2026-03-13"],
		["gpt-5", "any", "claude-mythos-preview@2026-04-07"],
		["claude-opusculum-1", "any", "claude-mythos-preview@2026-04-07"],
		["", "any", "claude-mythos-preview@2026-04-07"],
		["__proto__", "any", "claude-mythos-preview@2026-04-07"],
	];
	test.each(rows)("%j: %s", (name, match, id) => {
		const found = catalog.find(name, now);
		expect(found).toMatchObject({ match, price: { id } });
		expect(found.known).toBe(!["family", "any"].includes(match));
		expect(catalog.find(name, now)).toBe(found);
	});

	test("a call from before a model's first price has that price, and the match says so", () => {
		expect(
			catalog.find("claude-sonnet-5-5", noonOf("2026-09-27")),
		).toMatchObject({
			match: "early",
			known: true,
			price: { id: "claude-sonnet-5-5@2026-09-28" },
		});
	});
});

describe("what stands in for an unknown model", () => {
	test("is the dearest of those that can be called on that day", () => {
		const idOn = (name: string, day: string) =>
			catalog.find(name, noonOf(day)).price?.id;
		expect(idOn("claude-opus-9", "2026-08-04")).toBe(
			"claude-opus-4-1-20250805@2025-08-05",
		);
		expect(idOn("claude-opus-9", "2026-08-05")).toBe(
			"claude-opus-5@2026-07-24",
		);
		expect(idOn("claude-opus-9", "2026-07-23")).toBe(
			"claude-opus-4-1-20250805@2025-08-05",
		);
		expect(idOn("claude-sonnet-9", "2026-12-01")).toBe(
			"claude-sonnet-4-6@2026-03-13",
		);
	});

	test("has the widest window of its family and the dearest geography, whatever the dearest has", () => {
		expect(catalog.find("claude-haiku-9", now).price).toMatchObject({
			model: "claude-haiku-4-5-20251001",
			maxInputTokens: 1_000_000,
			maxOutputTokens: 128_000,
			maxBatchOutputTokens: 300_000,
			usPercent: 110,
		});
	});

	test("is the newest of those that are equally dear", () => {
		const toModel = (name: string, from: string) => ({
			model: name,
			maxInputTokens: 1,
			maxOutputTokens: 1,
			prices: [row("1000", { from })],
		});
		const own = openOwn({
			models: [
				toModel("haiku-a", "2026-10-01"),
				toModel("haiku-b", "2026-11-01"),
				toModel("haiku-c", "2026-10-15"),
			],
		});
		expect(own.find("haiku-x", now).price?.model).toBe("haiku-b");
	});

	test("is there even on days without any price", () => {
		expect(catalog.find("claude-haiku-9", 0).price?.model).toBe(
			"claude-haiku-4-5-20251001",
		);
	});

	test("is nothing where that is wanted", () => {
		const strict = openShipped({ unknownModel: "unpriced" });
		expect(strict.find("claude-opus-9", now)).toEqual({
			price: null,
			match: "none",
			known: false,
		});
		expect(strict.find("claude-opus-5", now).known).toBe(true);
	});

	test("is priced even where such calls are refused: a fallback may serve one", () => {
		const refusing = openShipped({ unknownModel: "refuse" });
		expect(refusing.unknownModel).toBe("refuse");
		expect(refusing.find("claude-opus-9", now)).toMatchObject({
			match: "family",
			known: false,
		});
	});
});

describe("the version", () => {
	test("is the day and ten digits of a hash, the same every time", () => {
		expect(catalog.version).toMatch(/^2026-\d\d-\d\d-[0-9a-f]{10}$/);
		expect(openShipped().version).toBe(catalog.version);
		expect(openShipped({ factor: "1.000" }).version).toBe(catalog.version);
		expect(openShipped({ unknownModel: "refuse" }).version).toBe(
			catalog.version,
		);
	});

	test("changes with any price", () => {
		const versions = [
			catalog,
			openShipped({ factor: "0.999999" }),
			openOwn({ models: [{ model: "claude-opus-5", maxInputTokens: 1 }] }),
		].map(({ version }) => version);
		expect(new Set(versions).size).toBe(3);
	});

	test("its text makes the same catalog again", () => {
		const own = {
			models: [
				{
					model: "claude-opus-5",
					prices: [
						{
							from: "2026-12-01",
							until: "2026-12-31",
							standard: {
								input: "0.000001",
								output: "1",
								cacheWrite5m: "1",
								cacheWrite1h: "1",
								cacheRead: "1",
							},
						},
					],
				},
			],
		};
		const first = openOwn(own, { factor: "0.87" });
		const again = openOwn(JSON.parse(first.text));
		expect(again.text).toBe(first.text);
		expect(again.version).toBe(first.version);
		for (const day of ["2026-11-30", "2026-12-01", "2027-01-01"]) {
			expect(again.find("claude-opus-5", noonOf(day))).toEqual(
				first.find("claude-opus-5", noonOf(day)),
			);
		}
	});
});

test("a flood of names changes no answer", () => {
	const before = catalog.find("claude-opus-5", now);
	for (let count = 0; count < 5_000; count++) {
		catalog.find(`claude-opus-${count}`, now);
		catalog.find(`${"x".repeat(300)}${count}`, now);
	}
	expect(catalog.find("claude-opus-5", now)).toEqual(before);
});

test("a time that is none finds something, and throws nothing", () => {
	for (const atMs of [Number.NaN, Number.POSITIVE_INFINITY, -1e20]) {
		expect(catalog.find("claude-opus-5", atMs).price?.model).toMatch(/opus/);
	}
});
