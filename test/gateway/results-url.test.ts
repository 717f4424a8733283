import { describe, expect, test } from "bun:test";
import { rewriteResultsUrl } from "../../src/gateway/results-url.ts";

const options = {
	upstreamOrigins: [
		"https://api.anthropic.com",
		"https://corp.example/claude/",
		"https://corp.example",
	],
	publicBase: "http://gate.example:4000/anthropic",
};

const encode = (text: string) => new TextEncoder().encode(text);
const rewrite = (text: string, changed: object = {}) =>
	new TextDecoder().decode(
		rewriteResultsUrl(encode(text), { ...options, ...changed }),
	);

const path = "/v1/messages/batches/msgbatch_1/results";
const ours = `http://gate.example:4000/anthropic${path}`;

describe("results_url leads to us", () => {
	test.each([
		[
			"of a batch",
			`{"id":"b","results_url":"https://api.anthropic.com${path}","type":"message_batch"}`,
			`{"id":"b","results_url":"${ours}","type":"message_batch"}`,
		],
		[
			"with space around",
			`{ "results_url" : "https://api.anthropic.com${path}" }\n`,
			`{ "results_url" : "${ours}" }\n`,
		],
		[
			"of a page",
			`{"data":[{"results_url":"https://api.anthropic.com/a"},{"results_url":null},{"results_url":"https://api.anthropic.com/b?c=é"}],"has_more":false}`,
			`{"data":[{"results_url":"http://gate.example:4000/anthropic/a"},{"results_url":null},{"results_url":"http://gate.example:4000/anthropic/b?c=é"}],"has_more":false}`,
		],
		[
			"with escaped slashes, which stay",
			String.raw`{"results_url":"https:\/\/api.anthropic.com\/v1\/a"}`,
			String.raw`{"results_url":"http://gate.example:4000/anthropic\/v1\/a"}`,
		],
		[
			"with escapes of four digits",
			String.raw`{"r\u0065sults_url":"\u0068ttps:\u002F/api.anthropic.com/\u0061"}`,
			String.raw`{"r\u0065sults_url":"http://gate.example:4000/anthropic/\u0061"}`,
		],
		[
			"below the upstream's base path",
			`{"results_url":"https://corp.example/claude/v1/a"}`,
			`{"results_url":"http://gate.example:4000/anthropic/v1/a"}`,
		],
		[
			"beside the upstream's base path",
			`{"results_url":"https://corp.example/v1/a"}`,
			`{"results_url":"http://gate.example:4000/anthropic/v1/a"}`,
		],
		[
			"that is the bare origin",
			`{"results_url":"https://api.anthropic.com"}`,
			`{"results_url":"http://gate.example:4000/anthropic"}`,
		],
	])("%s", (_what, before, after) => {
		expect(rewrite(before)).toBe(after);
	});

	test("the public base may end in a slash, and is escaped", () => {
		const before = `{"results_url":"https://api.anthropic.com/a"}`;
		expect(rewrite(before, { publicBase: "http://gate/" })).toBe(
			`{"results_url":"http://gate/a"}`,
		);
		expect(
			JSON.parse(rewrite(before, { publicBase: `http://"gate"` })),
		).toEqual({ results_url: `http://"gate"/a` });
	});
});

describe("the same array comes back", () => {
	test.each([
		["for no results_url", `{"id":"b"}`],
		["for null", `{"results_url":null}`],
		["for a number", `{"results_url":5}`],
		["for another origin", `{"results_url":"https://other.example${path}"}`],
		[
			"for an origin that only begins alike",
			`{"results_url":"https://api.anthropic.com.evil.example/a"}`,
		],
		[
			"for an origin with a port",
			`{"results_url":"https://api.anthropic.com:444/a"}`,
		],
		[
			"for an origin with a user",
			`{"results_url":"https://api.anthropic.com@evil.example/a"}`,
		],
		["for http", `{"results_url":"http://api.anthropic.com/a"}`],
		["for the address elsewhere", `{"url":"https://api.anthropic.com/a"}`],
		[
			"for the name in a string",
			String.raw`{"a":"\"results_url\":\"https://api.anthropic.com/a\""}`,
		],
		[
			"for the name deeper down",
			`{"request":{"results_url":"https://api.anthropic.com/a"}}`,
		],
		["for a list", `[{"results_url":"https://api.anthropic.com/a"}]`],
		[
			"for bytes that are not JSON",
			`{"results_url":"https://api.anthropic.com/a"`,
		],
		["for nothing", ""],
	])("%s", (_what, text) => {
		const bytes = encode(text);
		expect(rewriteResultsUrl(bytes, options)).toBe(bytes);
	});
});
