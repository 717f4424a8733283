import { describe, expect, test } from "bun:test";
import { findingsOf } from "../../../src/gateway/scan/finding.ts";
import { scanBody } from "../../../src/gateway/scan/scan.ts";
import type { Slot } from "../../../src/gateway/scan/table.ts";

const scan = (json: string) => scanBody(new TextEncoder().encode(json));

/** Lines of cells between bars. */
const toRows = (table: string) =>
	table
		.trim()
		.split("\n")
		.map((line) => line.split(" | ").map((cell) => cell.trim()));

test("a plain call", () => {
	const body = `{"model":"claude-opus-4-6", "max_tokens": 1024,"stream":true,"messages":[]}`;
	const { findings, ...rest } = scan(body);
	expect(rest).toEqual({
		model: "claude-opus-4-6",
		stream: true,
		maxTokens: 1024,
		bytes: body.length,
		cuts: [],
		items: 0,
		namesObjects: false,
	});
	expect(findings.map(({ start, end }) => body.slice(start, end))).toEqual([
		`"claude-opus-4-6"`,
		"1024",
		"true",
	]);
});

test("an empty object asks for nothing", () => {
	expect(scan(" {\n} ")).toEqual({
		model: undefined,
		stream: false,
		maxTokens: undefined,
		findings: [],
		bytes: 5,
		cuts: [],
		items: 0,
		namesObjects: false,
	});
});

/** Slot, body, values found; null stands for a finding without a value. */
const asked = String.raw`
call.model | {"model":"m"} | ["m"]
call.model | {"mod\u0065l":"\u006d"} | ["m"]
call.model | {"model":null} | []
call.stream | {"stream":false} | [false]
call.max_tokens | {"max_tokens":0} | [0]
call.max_tokens | {"max_tokens":1e3} | [1000]
call.max_tokens | {"max_tokens":-0} | [0]
call.max_completion_tokens | {"max_completion_tokens":7} | [7]
call.speed | {"speed":"fast"} | ["fast"]
call.inference_geo | {"inference_geo":"us"} | ["us"]
call.service_tier | {"service_tier":"auto"} | ["auto"]
call.safety_identifier | {"safety_identifier":"\u00e9\n\"\ud83d\ude00"} | ["\u00e9\n\"\ud83d\ude00"]
call.metadata | {"metadata":{"user_id":"u"}} | [{"user_id":"u"}]
call.metadata | {"metadata":null} | []
call.thread | {"thread":{"type":"create"}} | [{"type":"create"}]
call.mcp_servers | {"mcp_servers":[{"url":"x"}]} | [null]
call.cache_control | {"cache_control":{"type":"ephemeral"}} | [null]
call.cache_control | {"cache_control":null} | []
cacheControl.ttl | {"cache_control":{"ttl":"1h"}} | ["1h"]
billingPolicy.bill_to | {"billing_policy":{"bill_to":"user_profile"}} | ["user_profile"]
call.container | {"container":"c"} | ["c"]
container.id | {"container":{"id":"c"}} | ["c"]
skill.skill_id | {"container":{"skills":[{"skill_id":"a"},{"skill_id":"b"}]}} | ["a","b"]
call.fallbacks | {"fallbacks":"default"} | ["default"]
fallback.model | {"fallbacks":[{"model":"a"},{"model":"b"}]} | ["a","b"]
fallback.speed | {"fallbacks":[{"speed":"fast"}]} | ["fast"]
fallback.max_tokens | {"fallbacks":[{"max_tokens":5}]} | [5]
tool.type | {"tools":[{"type":"web_search_20250305"}]} | ["web_search_20250305"]
tool.name | {"tools":[{"name":"advisor"}]} | ["advisor"]
tool.model | {"tools":[{"model":"a"}]} | ["a"]
tool.max_uses | {"tools":[{"max_uses":3}]} | [3]
tool.caching | {"tools":[{"caching":{"ttl":"5m"}}]} | [null]
tool.model | {"messages":[{"content":[{"tool":{"definition":{"model":"a"}}}]}]} | ["a"]
tool.model | {"messages":[{"content":[{"tool_changes":[{"tool":{"definition":{"model":"a"}}}]}]}]} | ["a"]
block.file_id | {"messages":[{"content":[{"type":"container_upload","file_id":"f"}]}]} | ["f"]
source.file_id | {"messages":[{"content":[{"source":{"file_id":"f"}}]}]} | ["f"]
source.file_id | {"messages":[{"content":[{"content":[{"source":{"file_id":"f"}}]}]}]} | ["f"]
source.file_id | {"messages":[{"content":[{"source":{"content":[{"source":{"file_id":"f"}}]}}]}]} | ["f"]
source.file_id | {"system":[{"source":{"file_id":"f"}}]} | ["f"]
source.type | {"messages":[{"content":{"source":{"type":"url"}}}]} | ["url"]
source.media_type | {"messages":[{"content":{"source":{"media_type":"image/png"}}}]} | ["image/png"]
source.data | {"messages":[{"content":[{"source":{"data":"AAAA"}}]}]} | [null]
source.url | {"messages":[{"content":[{"image_url":{"url":"https://x"}}]}]} | [null]
block.cache_control | {"system":[{"cache_control":{}}]} | [null]
elsewhere.cache_control | {"invented":{"deep":[{"cache_control":{"ttl":"1h"}}]}} | [null]
cacheControl.ttl | {"invented":{"deep":[{"cache_control":{"ttl":"1h"}}]}} | ["1h"]
body.user | {"user":"u"} | ["u"]
body.tags | {"tags":["a",{"b":[1,null]}]} | [["a",{"b":[1,null]}]]
`;

test.each(toRows(asked))("%s of %s", (slot, body = "", values) => {
	const found = findingsOf(scan(body), slot as Slot);
	const kept = found.map(({ value }) => value ?? null);
	expect(kept).toEqual(JSON.parse(values ?? ""));
});

const harmless = `
governed names where they mean nothing | {"model":"a","messages":[{"model":1,"content":[{"input":{"model":2,"stream":"x","file_id":3,"source":{"type":4}}}]}]}
cache_control that is no object | {"model":"a","messages":[{"content":[{"input":{"cache_control":"no-cache"}}]}]}
a ttl that is no string | {"model":"a","tools":[{"input_schema":{"cache_control":{"ttl":60}}}]}
a source that is a string | {"model":"a","messages":[{"content":[{"type":"search_result","source":"https://x","content":[]}]}]}
null for governed members | {"model":"a","stream":null,"max_tokens":null,"tools":null,"fallbacks":null,"container":null,"requests":null}
empty lists | {"model":"a","tools":[],"fallbacks":[],"messages":[],"requests":[]}
the same name in different objects | {"model":"a","fallbacks":[{"model":"a"},{"model":"a"}],"tools":[{"model":"a"}]}
other names twice | {"x":1,"x":2,"model":"a"}
names of prototypes | {"__proto__":{"model":1},"constructor":2,"toString":{"__proto__":3},"model":"a"}
`;

test.each(toRows(harmless))("%s: not refused", (_what, body = "") => {
	expect(scan(body).model).toBe("a");
});

test("a finding tells where its value stands", () => {
	const members = [
		["model", `"m"`],
		["mcp_servers", "[{}, []]"],
		["cache_control", `{"type":"ephemeral", "ttl":null}`],
		["metadata", `{"user_id":[{}]}`],
		["tools", `[{"cache_control":{"ttl":null}}]`],
		["max_tokens", "-0"],
		["stream", "true"],
	];
	const body = `{ ${members.map(([name, value]) => `"${name}" : ${value} `).join()} }`;
	const places = scan(body).findings.map(({ slot, start, end }) => [
		slot.slice(slot.indexOf(".") + 1),
		body.slice(start, end),
	]);
	expect(places).toEqual(members.with(4, ["cache_control", `{"ttl":null}`]));
});

test("findings of values inside a value leave its place alone", () => {
	const body = `{"cache_control": {"ttl":"1h"} }`;
	const places = scan(body).findings.map(({ start, end }) =>
		body.slice(start, end),
	);
	expect(places).toEqual([`"1h"`, `{"ttl":"1h"}`]);
});

test("findings of one object share their parent", () => {
	const body = `{"tools":[{"type":"a","model":"x"},{"type":"b","model":"y"}]}`;
	const a = body.indexOf(`{"type":"a"`);
	const b = body.indexOf(`{"type":"b"`);
	const parents = scan(body).findings.map(({ parent }) => parent);
	expect(parents).toEqual([a, a, b, b]);
});

describe("T-41: labels reach no prototype", () => {
	test.each(["__proto__", String.raw`__pr\u006fto__`])("%s", (name) => {
		const body = `{"litellm_metadata":{"a":{"${name}":{"admin":true},"b":1}}}`;
		const labels = findingsOf(scan(body), "body.litellm_metadata");
		const [{ a }] = labels.map(({ value }) => value) as [{ a: object }];
		expect(Object.keys(a)).toEqual(["b"]);
		expect("admin" in Object.assign({}, a)).toBe(false);
	});
});
