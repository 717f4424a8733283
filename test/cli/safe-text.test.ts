import { describe, expect, test } from "bun:test";
import {
	escapeControls,
	maskSecret,
	quote,
	redactKeys,
} from "../../src/cli/safe-text.ts";

describe("hostile characters", () => {
	const rows: [string, string][] = [
		["plain /v1/messages", "plain /v1/messages"],
		["naïve 模型 🙂", "naïve 模型 🙂"],
		["a\u001b[31mred", "a\\u001b[31mred"],
		["two\r\nlines\ttab", "two\\u000d\\u000alines\\u0009tab"],
		["nul\u0000del\u007f", "nul\\u0000del\\u007f"],
		["c1\u0085\u009b", "c1\\u0085\\u009b"],
		["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
		["\u2028\u2029", "\\u2028\\u2029"],
		["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
		["tag\u{e0041}", "tag\\udb40\\udc41"],
		["lone\ud800", "lone\\ud800"],
	];
	test.each(rows)("%j", (text, expected) => {
		expect(escapeControls(text)).toBe(expected);
	});
});

describe("keys", () => {
	test.each([
		["sk-ant-api03-abcdefghijklmnopWxyz", "sk-ant-…Wxyz"],
		["sk-0123456789abcdef0123", "sk-…0123"],
		["sk-1234", "sk-…"],
		["correct-horse-battery-staple", "…aple"],
		["short", "…"],
	])("%s is shown as %s", (secret, shown) => {
		expect(maskSecret(secret)).toBe(shown);
	});

	test("are masked wherever they stand", () => {
		expect(
			redactKeys("a=sk-ant-api03-abcdefghijklmnopWxyz; task-sk-1 sk-12345678."),
		).toBe("a=sk-ant-…Wxyz; task-sk-1 sk-….");
	});
});

describe("quoted values", () => {
	test.each([
		["4000x", '"4000x"'],
		["http://user:pw@host/x", '"http://…@host/x"'],
		["http://host/?token=secret", '"http://host/?…"'],
		["x".repeat(100), `"${"x".repeat(80)}…"`],
		["a\nb", '"a\\u000ab"'],
	])("%s", (value, shown) => {
		expect(quote(value)).toBe(shown);
	});
});
