import { describe, expect, test } from "bun:test";
import { readDocument } from "../../src/pricing/read-document.ts";
import { flat, row, sonnet } from "./own-rows.ts";
import { layOwn } from "./usages.ts";

describe("a mistake is one sentence with model and field", () => {
	const inRow = (part: object) => ({
		models: [
			{ model: sonnet, prices: [{ ...row("1"), from: "2026-12-01", ...part }] },
		],
	});
	const expected =
		'expected dollars in quotes such as "2.5", with at most 6 places.';
	const at = `model "${sonnet}", price from "2026-12-01"`;
	const mistakes: [unknown, string][] = [
		[[], "The file is []; expected an object."],
		[{}, "models is missing; expected a list of at most 1000."],
		[
			{ models: [{}] },
			"models[0], model is missing; expected a text of at most 200 characters.",
		],
		[
			{ models: [{ model: "a b" }] },
			'model "a b", model is "a b"; expected a name without blanks.',
		],
		[{ models: [], price: 1 }, '"price" is no member of a price file.'],
		[
			{ models: [{ model: "x", factor: 2 }] },
			'model "x": "factor" is no member of a price file.',
		],
		[
			inRow({ standard: { ...flat("1"), input: 0.1 } }),
			`${at}, standard, input is 0.1; ${expected}`,
		],
		[
			inRow({ standard: { ...flat("1"), input: "-1" } }),
			`${at}, standard, input is "-1"; ${expected}`,
		],
		[
			inRow({ standard: { ...flat("1"), input: "0.0000001" } }),
			`${at}, standard, input is "0.0000001"; ${expected}`,
		],
		[
			inRow({ standard: { ...flat("1"), output: undefined } }),
			`${at}, standard, output is missing; ${expected}`,
		],
		[
			inRow({ standard: { ...flat("1"), cached: "1" } }),
			`${at}, standard: "cached" is no member of a price file.`,
		],
		[
			inRow({ from: "2026-02-30" }),
			`model "${sonnet}", price from "2026-02-30", from is "2026-02-30"; expected a day such as 2026-10-07.`,
		],
		[
			inRow({ until: "2026-11-30" }),
			`${at}, until is "2026-11-30"; expected no earlier day.`,
		],
		[
			inRow({ batchPercent: 0.5 }),
			`${at}, batchPercent is 0.5; expected a whole number from 1 to 1000.`,
		],
		[
			inRow({ fast: flat("0.9") }),
			`${at}, fast.input is less than standard.input; expected at least as much.`,
		],
		[
			inRow({ webSearch: "1e-2" }),
			`${at}, webSearch is "1e-2"; expected dollars in quotes such as "2.5", with at most 12 places.`,
		],
		[
			{ models: [{ model: sonnet, prices: [row("1"), row("2")] }] },
			`model "${sonnet}", there is a second price without a first day.`,
		],
		[
			{ models: [{ model: "x", prices: [row("1")] }] },
			'model "x", maxInputTokens is missing; only models that are shipped can do without it.',
		],
		[
			{ models: [{ model: "x", maxInputTokens: 1, maxOutputTokens: 1 }] },
			'model "x" has no price.',
		],
		[
			{ models: [{ model: "x" }, { model: "x" }] },
			'model "x": the name "x" belongs to "x" already.',
		],
		[
			{
				models: [
					{
						model: "claude-haiku-4-5",
						maxInputTokens: 1,
						maxOutputTokens: 1,
						prices: [row("1")],
					},
				],
			},
			'model "claude-haiku-4-5": the name "claude-haiku-4-5" belongs to "claude-haiku-4-5-20251001" already.',
		],
	];
	test.each(mistakes)("%j", (own, sentence) => {
		expect(layOwn(own).problems).toContain(`own.json: ${sentence}`);
	});

	test("all of them at once, up to twenty", () => {
		const models = Array.from({ length: 30 }, () => ({ model: 1 }));
		const { problems } = layOwn({ models });
		expect(problems).toHaveLength(21);
		expect(problems?.[20]).toBe("own.json: … and 10 more.");
	});

	test("no JSON", () => {
		expect(readDocument('{"models": [').problems?.[0]).toStartWith(
			"The file is no JSON: ",
		);
	});
});
