import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { allowsModel, fits } from "../../src/domain/virtual-key.ts";

describe("a list of models", () => {
	const rows: [
		list: string[],
		allowed: readonly string[],
		refused: readonly string[],
	][] = [
		[[], ["claude-sonnet-5-5", ""], []],
		[
			["claude-sonnet-5-5"],
			["claude-sonnet-5-5", "anthropic/claude-sonnet-5-5"],
			["claude-sonnet-5", "claude-sonnet-5-5-1", "CLAUDE-sonnet-5-5", ""],
		],
		[["anthropic/*"], ["claude-sonnet-5-5", "anything"], []],
		[
			["claude-haiku-*", "claude-*-sonnet"],
			["claude-haiku-4-5", "claude-3-sonnet", "claude-haiku-"],
			["claude-opus-5", "claude-haiku", "claude-sonnet"],
		],
		[["all-team-models"], ["claude-opus-5"], []],
		[["all-proxy-models"], ["claude-opus-5"], []],
		[["no-default-models"], [], ["claude-opus-5", ""]],
	];
	test.each(rows)("%j", (list, allowed, refused) => {
		for (const model of allowed) expect(allowsModel(list, model)).toBe(true);
		for (const model of refused) expect(allowsModel(list, model)).toBe(false);
	});
});

test("a wildcard means what a regular expression of it means", () => {
	const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", ".") });
	const text = fc.string({ unit: fc.constantFrom("a", "b", ".") });
	fc.assert(
		fc.property(letters, text, (pattern, name) => {
			const source = pattern
				.split("*")
				.map((part) => part.replaceAll(".", "\\."))
				.join(".*");
			expect(fits(pattern, name)).toBe(new RegExp(`^${source}$`).test(name));
		}),
		{ numRuns: 5_000 },
	);
});

test("a wildcard of a thousand stars is judged at once", () => {
	const startMs = performance.now();
	expect(fits("*a".repeat(1_000), "a".repeat(900))).toBe(false);
	expect(performance.now() - startMs).toBeLessThan(100);
});
