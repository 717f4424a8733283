import { expect, test } from "bun:test";
import { GatewayError } from "../../../src/domain/error.ts";
import { openScanner, scanBody } from "../../../src/gateway/scan/scan.ts";
import {
	maxDepth,
	maxFindings,
	maxKeptBytes,
} from "../../../src/gateway/scan/state.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const scan = (json: string) => scanBody(encode(json));

/** The sentence of the refusal; fails if the body is accepted. */
function refusal(body: string | Uint8Array): string {
	try {
		scanBody(typeof body === "string" ? encode(body) : body);
	} catch (error) {
		if (error instanceof GatewayError && error.code === "malformed_request") {
			return error.message;
		}
		throw error;
	}
	throw new Error(`accepted: ${body}`);
}

/** Must never appear in a sentence. */
const secret = "s3cr3t";

/** What, body, and a part of the sentence. */
const ambiguous = String.raw`
a list | ["s3cr3t"] | not a JSON object
a string | "s3cr3t" | not a JSON object
two objects | {"model":"a"}{"model":"s3cr3t"} | goes on
a second model | {"model":"a","model":"s3cr3t"} | "model" occurs twice
a second model, escaped | {"model":"a","mod\u0065l":"s3cr3t"} | "model" occurs twice
a second model after null | {"model":null,"model":"s3cr3t"} | "model" occurs twice
a second label | {"user":"a","user":"s3cr3t"} | "user" occurs twice
a second list of messages | {"messages":[],"messages":["s3cr3t"]} | "messages" occurs twice
a second model of a fallback | {"fallbacks":[{"model":"a","model":"b"}]} | "model" occurs twice
a second model of a tool | {"tools":[{"model":"a","model":"b"}]} | "model" occurs twice
a second model of a batch item | {"requests":[{"params":{"model":"a","model":"b"}}]} | "model" occurs twice
second params | {"requests":[{"params":{},"params":{}}]} | "params" occurs twice
a list as params | {"requests":[{"params":[{"model":"a"},{"model":"b"}]}]} | "params" must be an object
a model that is a number | {"model":5} | "model" must be a string
a model that is a list | {"model":["s3cr3t"]} | "model" must be a string
a fallback's model that is an object | {"fallbacks":[{"model":{}}]} | "model" must be a string
fallbacks that are a number | {"fallbacks":5} | "fallbacks" must be a string
a stream that is a string | {"stream":"true"} | "stream" must be true or false
a stream that is a number | {"stream":1} | "stream" must be true or false
max_tokens as a string | {"max_tokens":"5"} | "max_tokens" must be a whole number
max_tokens below zero | {"max_tokens":-1} | "max_tokens" must be a whole number
half a token | {"max_tokens":0.5} | "max_tokens" must be a whole number
1e400 tokens | {"max_tokens":1e400} | "max_tokens" must be a whole number
more than 2^53 tokens | {"max_tokens":9007199254740993} | "max_tokens" must be a whole number
NaN tokens | {"max_tokens":NaN} | "max_tokens" must be a whole number
NaN elsewhere | {"a":NaN} | offset 5
Infinity | {"a":Infinity} | offset 5
a leading zero | {"a":01} | offset 6
two leading zeros | {"a":001} | offset 6
a digit after zero and minus | {"a":-01} | offset 7
a bad escape in a model | {"model":"s3cr3t\x"} | "model" has a bad escape
a bad escape in a name | {"mod\el":"s3cr3t"} | a name has a bad escape
an open end | {"model":"s3cr3t" | ends before
an open string | {"model":"s3cr3t | ends before
a comment | {/*s3cr3t*/} | offset 1
single quotes | {'s3cr3t':1} | offset 1
a trailing comma | {"a":1,} | offset 7
a trailing comma in a list | {"a":[1,]} | offset 8
a wrong bracket | {"a":[1}} | offset 7
`;

const rows = ambiguous
	.trim()
	.split("\n")
	.map((line) => line.split(" | "));

test.each(rows)("%s", (_what, body = "", sentence = "") => {
	const message = refusal(body);
	expect(message.replaceAll("`", `"`)).toContain(sentence);
	expect(message).not.toContain(secret);
});

const utf16 = Buffer.from(`{"model":"a"}`, "utf16le");
const around = (...bytes: number[]) =>
	Buffer.concat([encode(`{"a":"`), Buffer.from(bytes), encode(`"}`)]);

test.each([
	["nothing", encode(""), "empty"],
	["spaces only", encode(" \n"), "empty"],
	["a byte order mark", encode("\ufeff{}"), "byte order mark"],
	["UTF-16", utf16, "offset 1"],
	["UTF-16 with a mark", Buffer.from([0xff, 0xfe, ...utf16]), "not UTF-8"],
	["Latin-1", around(0xe9), "not UTF-8"],
	["an encoded surrogate", around(0xed, 0xa0, 0x80), "not UTF-8"],
	["an overlong slash", around(0xc0, 0xaf), "not UTF-8"],
	["a line break in a model", encode(`{"model":"\n"}`), "control character"],
])("%s", (_what, body, sentence) => {
	expect(refusal(body)).toContain(sentence);
});

test(`deeper than ${maxDepth}`, () => {
	const nest = (depth: number) =>
		`{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
	expect(scan(nest(maxDepth)).findings).toEqual([]);
	expect(refusal(nest(maxDepth + 1))).toContain("nested deeper");
});

test("a governed value that is too long", () => {
	const body = (bytes: number) => `{"model":"${"m".repeat(bytes - 2)}"}`;
	expect(scan(body(maxKeptBytes)).model?.length).toBe(maxKeptBytes - 2);
	expect(refusal(body(maxKeptBytes + 1))).toContain("`model` is longer");
});

test("a governed value that never ends is refused while it comes", () => {
	const scanner = openScanner();
	scanner.push(encode(`{"model":"`));
	const more = encode("m".repeat(maxKeptBytes >> 1));
	scanner.push(more);
	expect(() => scanner.push(more)).toThrow("`model` is longer");
});

test("too many findings", () => {
	const body = (tools: number) =>
		JSON.stringify({ tools: Array(tools).fill({ name: "n" }) });
	expect(scan(body(maxFindings)).findings.length).toBe(maxFindings);
	expect(refusal(body(maxFindings + 1))).toContain(`more than ${maxFindings}`);
});

test("a scanner that has refused takes no more", () => {
	const scanner = openScanner();
	expect(() => scanner.push(encode("[]"))).toThrow(GatewayError);
	expect(() => scanner.push(encode("{}"))).toThrow("has refused or ended");
	expect(() => scanner.end()).toThrow("has refused or ended");
});
