import { describe, expect, test } from "bun:test";
import { breaches, goodTree } from "./breaches.ts";
import { parseTree } from "./parse.ts";
import { findBroken, rules } from "./rules.ts";

test("a good tree breaks nothing", async () => {
	expect(findBroken(await parseTree(goodTree))).toEqual([]);
});

describe("a breach is reported once, with its place", () => {
	test.each(breaches)("%s:%s", async (path, report, text) => {
		const found = findBroken(await parseTree({ [path]: `${text}\n` }));
		expect(found).toEqual([
			expect.stringMatching(
				new RegExp(`^${RegExp.escape(`${path}:${report}`)}`),
			),
		]);
	});
});

test("every rule has a breach that shows it", () => {
	const shown = breaches.map(([, report]) => report);
	for (const { name } of rules)
		expect(shown.filter((report) => report.includes(`: ${name}`))).not.toEqual(
			[],
		);
});
