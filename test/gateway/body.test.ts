import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { splice } from "../../src/gateway/body.ts";
import { findingsOf } from "../../src/gateway/scan/finding.ts";
import { scanBody } from "../../src/gateway/scan/scan.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function cutText(text: string, native?: string[]): string {
	const bytes = encode(text);
	return decode(splice(bytes, scanBody(bytes, { native }).cuts));
}

describe("cutting leaves every other byte as it was", () => {
	test.each([
		["the only member", `{"user":"u"}`, `{}`],
		["the only member, with space", ` { "user" : "u" } `, ` {  } `],
		["the first", `{"user":"u","model":"m"}`, `{"model":"m"}`],
		["the last", `{"model":"m","user":"u"}`, `{"model":"m"}`],
		[
			"one in the middle",
			`{"model":"m","user":"u","a":1}`,
			`{"model":"m","a":1}`,
		],
		[
			"neighbours at the beginning",
			`{"user":1,"tags":[],"model":"m"}`,
			`{"model":"m"}`,
		],
		[
			"neighbours at the end",
			`{"model":"m","user":1,"tags":[]}`,
			`{"model":"m"}`,
		],
		[
			"neighbours in the middle",
			`{"a":1,"user":1,"tags":[],"b":2}`,
			`{"a":1,"b":2}`,
		],
		[
			"every other one",
			`{"user":1,"a":1,"tags":[],"b":2,"no-log":true}`,
			`{"a":1,"b":2}`,
		],
		["all of them", `{"user":1, "tags":[],"no-log":true }`, `{  }`],
		[
			"space around",
			`{ "a" : 1 , "user" : 2 , "b" : 3 }`,
			`{ "a" : 1  , "b" : 3 }`,
		],
		["lines and tabs", `{\n\t"user": 1,\n\t"a": 1\n}`, `{\n\t\n\t"a": 1\n}`],
		[
			"an escaped name",
			String.raw`{"a":1,"us\u0065r":"\"}","b":2}`,
			`{"a":1,"b":2}`,
		],
		[
			"brackets and commas inside",
			`{"user":{"}":["],",{}]},"a":"x,y"}`,
			`{"a":"x,y"}`,
		],
		["a null", `{"a":1,"tags":null}`, `{"a":1}`],
		["numbers and literals", `{"user":-1.5e3,"no-log":false,"a":0}`, `{"a":0}`],
		[
			"every tabled member",
			`{"litellm_metadata":{},"no-log":true,"tags":[],"user":"u","litellm_trace_id":"t","litellm_session_id":"s","litellm_call_id":"c","guardrails":[],"model":"m"}`,
			`{"model":"m"}`,
		],
	])("%s", (_what, before, after) => {
		expect(cutText(before)).toBe(after);
		expect(() => JSON.parse(after)).not.toThrow();
	});

	test.each([
		[
			"nothing of ours",
			`{"model":"m","metadata":{"user_id":"u"},"fallbacks":"default"}`,
		],
		[
			"our names deeper down",
			`{"metadata":{"user":"u","tags":[]},"tools":[{"input_schema":{"user":1}}],"messages":[{"user":1}]}`,
		],
		[
			"our names in strings",
			String.raw`{"a":"\"user\":1,","b":"{\"tags\":[]}"}`,
		],
		[
			"other names like ours",
			`{"User":1,"users":2,"use":3,"no_log":4,"litellm_metadata ":5}`,
		],
	])("%s: the same array comes back", (_what, text) => {
		const bytes = encode(text);
		expect(splice(bytes, scanBody(bytes).cuts)).toBe(bytes);
	});

	test("a member that the endpoint knows stays, and is found", () => {
		const text = `{"user":"u","tags":["t"],"no-log":true,"model":"m"}`;
		expect(cutText(text, ["user", "tags"])).toBe(
			`{"user":"u","tags":["t"],"model":"m"}`,
		);
		const scan = scanBody(encode(text), { native: ["user", "tags"] });
		expect(findingsOf(scan, "body.user")[0]?.value).toBe("u");
	});

	test("what is cut is kept as a label", () => {
		const { findings } = scanBody(
			encode(
				`{"litellm_metadata":{"tags":["t"]},"user":"u","no-log":true,"guardrails":null}`,
			),
		);
		expect(findings.map(({ slot, value }) => [slot, value])).toEqual([
			["body.litellm_metadata", { tags: ["t"] }],
			["body.user", "u"],
			["body.no-log", true],
		]);
	});
});

const ours = [
	"litellm_metadata",
	"no-log",
	"tags",
	"user",
	"litellm_trace_id",
	"litellm_session_id",
	"litellm_call_id",
	"guardrails",
];

/** A member as it might be written: its name in whole or in escapes, space anywhere. */
interface Written {
	name: string;
	/** From the name's quote to the value's end. */
	raw: string;
}

const space = fc.string({
	unit: fc.constantFrom(" ", "\n", "\t", "\r"),
	maxLength: 3,
});
const inEscapes = (letters: string) =>
	letters.replace(
		/[a-z_]/g,
		(letter) => `\\u00${letter.charCodeAt(0).toString(16)}`,
	);
/** A name in quotes: as it is, or with its first letters escaped. */
const quoted = (name: string) =>
	fc
		.constantFrom(0, 0, 1, 5, 99)
		.map((n) => `"${inEscapes(name.slice(0, n))}${name.slice(n)}"`);
const value = fc.oneof(
	fc.json({ maxDepth: 3 }),
	fc.constantFrom(
		`{"user":1,"tags":[]}`,
		String.raw`"\"user\":1}"`,
		`[{"litellm_metadata":{}}]`,
	),
);
const member = fc
	.oneof(
		fc.constantFrom(...ours),
		fc.constantFrom("a", "b", "metadata", "fallback", "usr", "é"),
	)
	.chain((name) =>
		fc.record({
			name: fc.constant(name),
			key: quoted(name),
			gap: space,
			value,
		}),
	)
	.map(
		({ name, key, gap, value }): Written => ({
			name,
			raw: `${key}${gap}:${gap}${value}`,
		}),
	);

describe("any members in any order, with any space", () => {
	const body = fc.record({
		members: fc.uniqueArray(member, {
			selector: ({ name }) => name,
			maxLength: 8,
		}),
		gaps: fc.array(space, { minLength: 18, maxLength: 18 }),
	});

	test("the rest is valid JSON, deeply equal, and of the same bytes", () => {
		const keepsTheRest = fc.property(body, ({ members, gaps }) => {
			const text = `${gaps[16]}{${members.map(({ raw }, i) => gaps[2 * i] + raw + gaps[2 * i + 1]).join() || gaps[0]}}${gaps[17]}`;
			const rest = cutText(text);
			const wanted = JSON.parse(text);
			for (const name of ours) delete wanted[name];
			expect(JSON.parse(rest)).toEqual(wanted);
			let from = 0;
			for (const { name, raw } of members.filter(
				({ name }) => !ours.includes(name),
			)) {
				const at = rest.indexOf(raw, from);
				expect([name, at >= from]).toEqual([name, true]);
				from = at + raw.length;
			}
			const withoutSpace = (json: string) => json.replace(/[ \n\t\r]/g, "");
			const expected = members
				.filter(({ name }) => !ours.includes(name))
				.map(({ raw }) => raw);
			expect(withoutSpace(rest)).toBe(withoutSpace(`{${expected.join()}}`));
		});
		fc.assert(keepsTheRest, { numRuns: 1000 });
	});
});
