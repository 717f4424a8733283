import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { scanBody } from "../../../src/gateway/scan/scan.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function accepts(judge: (text: string) => unknown, text: string): boolean {
	try {
		judge(text);
		return true;
	} catch {
		return false;
	}
}

function parseObject(text: string) {
	const value = JSON.parse(text);
	if (Object.getPrototypeOf(value) !== Object.prototype) {
		throw new SyntaxError("not an object");
	}
}

describe("the grammar is JSON's", () => {
	/** Without what the scanner leaves to upstream: backslashes and control characters in strings. */
	const alphabet = [
		...`{}[]:,""""0019-+.eEaatruefalsn  `,
		...["true", "null", `"a"`, `{"a":`, "\n"],
	];
	const sameJudgement = (text: string) => {
		fc.pre(!/"[^"]*\n[^"]*"/.test(text));
		const ours = accepts((body) => scanBody(encode(body)), text);
		expect([text, ours]).toEqual([text, accepts(parseObject, text)]);
	};

	test("any soup of JSON's characters is accepted just when JSON.parse accepts it", () => {
		const soup = fc
			.array(fc.constantFrom(...alphabet), { maxLength: 12 })
			.map((parts) => `{"b":${parts.join("")}}`);
		fc.assert(fc.property(soup, sameJudgement), { numRuns: 10_000 });
	});

	test("any change of one character of a document is judged as JSON.parse judges it", () => {
		const change = fc.record({
			json: fc.json({ maxDepth: 4, noUnicodeString: true }),
			at: fc.nat(),
			by: fc.constantFrom(...alphabet, ""),
		});
		const judged = fc.property(change, ({ json, at, by }) => {
			fc.pre(!json.includes("\\"));
			const whole = `{"b":${json}}`;
			const i = at % whole.length;
			sameJudgement(whole.slice(0, i) + by + whole.slice(i + 1));
		});
		fc.assert(judged, { numRuns: 3000 });
	});
});

describe("T-38: time grows with the length, whatever is in it", () => {
	const unit = 1 << 20;
	const spaced = `${" ".repeat(130)}\\"`;
	test.each([
		["escaped quotes", `{"a":"${'\\"'.repeat(2 * unit)}"}`],
		["backslashes", `{"a":"${"\\\\".repeat(2 * unit)}"}`],
		["far escaped quotes", `{"a":"${spaced.repeat(unit >> 5)}"}`],
		["a name of escapes", `{"${"\\u0061".repeat(unit)}":1}`],
		["a number of digits", `{"a":1${"0".repeat(4 * unit)}}`],
		["empty objects", `{"a":[${"{},".repeat(unit)}{}]}`],
		["space", `{${" ".repeat(4 * unit)}}`],
	])("%s", (_what, body) => {
		const bytes = encode(body);
		const start = performance.now();
		scanBody(bytes);
		// 4 to 6 MB in some 20 ms each; a quadratic step would take minutes
		expect(performance.now() - start).toBeLessThan(2000);
	});
});
