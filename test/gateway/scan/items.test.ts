import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../../src/domain/error.ts";
import { findingsOf, type Item } from "../../../src/gateway/scan/finding.ts";
import { scanBody } from "../../../src/gateway/scan/scan.ts";
import { maxItems } from "../../../src/gateway/scan/state.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function scanBatch(text: string) {
	const items: Item[] = [];
	const scan = scanBody(encode(text), { onItem: (item) => items.push(item) });
	return { scan, items };
}

describe("a batch", () => {
	const first = `{"custom_id":"one","params":{"model":"a","max_tokens":5,"tools":[{"type":"advisor","model":"c"}]}}`;
	const second = `{"params":{"model":"b","stream":true},"custom_id":"two"}`;
	const body = `{"requests":[${first} , ${second}],"litellm_metadata":{"tags":["t"]}}`;

	test("gives its requests one by one, each with what it asks for and where it stands", () => {
		const { items } = scanBatch(body);
		expect(
			items.map(({ customId, model, stream, maxTokens }) => ({
				customId,
				model,
				stream,
				maxTokens,
			})),
		).toEqual([
			{ customId: "one", model: "a", stream: false, maxTokens: 5 },
			{ customId: "two", model: "b", stream: true, maxTokens: undefined },
		]);
		expect(items.map(({ start, end }) => body.slice(start, end))).toEqual([
			first,
			second,
		]);
		expect(
			items.map((item) =>
				findingsOf(item, "tool.model").map(({ value }) => value),
			),
		).toEqual([["c"], []]);
	});

	test("keeps the requests' findings apart from its own", () => {
		const { scan } = scanBatch(body);
		expect(scan.items).toBe(2);
		expect(scan.model).toBeUndefined();
		expect(scan.findings.map(({ slot }) => slot)).toEqual([
			"body.litellm_metadata",
		]);
		expect(scan.cuts.length).toBe(1);
	});

	test("counts its requests when nobody listens", () => {
		expect(scanBody(encode(body)).items).toBe(2);
	});

	test("cuts nothing inside its requests", () => {
		const { scan, items } = scanBatch(
			`{"requests":[{"params":{"user":"u","tags":[]}}]}`,
		);
		expect(scan.cuts).toEqual([]);
		expect(items[0]?.findings.map(({ slot }) => slot)).toEqual(["item.params"]);
	});

	test("has at most so many requests", () => {
		const batch = (count: number) =>
			`{"requests":[${Array(count).fill("{}").join()}]}`;
		expect(scanBody(encode(batch(maxItems))).items).toBe(maxItems);
		expect(() => scanBody(encode(batch(maxItems + 1)))).toThrow(
			`at most ${maxItems}`,
		);
	});

	test("ends where its listener refuses", () => {
		const seen: Item[] = [];
		const refuse = (item: Item) => {
			seen.push(item);
			if (item.model === "a")
				throw new GatewayError("forbidden", "not this model");
		};
		expect(() => scanBody(encode(body), { onItem: refuse })).toThrow(
			"not this model",
		);
		expect(seen.length).toBe(1);
	});
});
