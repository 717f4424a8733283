import { describe, expect, test } from "bun:test";
import { toRollups } from "../../src/store/rollup.ts";
import {
	openNames,
	toDayNumber,
	toKnown,
} from "../../src/store/rollup-names.ts";
import { toTestEntry } from "./an-entry.ts";

const atMs = Date.UTC(2026, 10, 22, 12);
const dayMs = 86_400_000;
const of = (keyId: string | null, startedMs = atMs) => ({ keyId, startedMs });
const open = (known: readonly string[] = []) =>
	openNames({ known, day: toDayNumber(atMs) }).toName;

describe("names that clients invent", () => {
	test("a thousand a day have rows of their own, the rest is `other`", () => {
		const toName = open();
		const names = Array.from({ length: 1_200 }, (_, at) =>
			toName("tag", `t${at}`, of("k")),
		);
		expect(names.slice(0, 1_000)).toEqual(
			Array.from({ length: 1_000 }, (_, at) => `t${at}`),
		);
		expect(new Set(names.slice(1_000))).toEqual(new Set(["other"]));
	});

	test("one that has a row keeps it", () => {
		const toName = open([toKnown("customer", "old")]);
		for (let at = 0; at < 1_000; at++) toName("tag", `t${at}`, of("k"));
		expect(toName("customer", "old", of("k"))).toBe("old");
		expect(toName("tag", "t7", of("k"))).toBe("t7");
		expect(toName("customer", "new", of("k"))).toBe("other");
	});

	test("each key has its own thousand, and each day", () => {
		const toName = open();
		for (let at = 0; at < 1_000; at++) toName("tag", `t${at}`, of("k"));
		expect(toName("tag", "x", of("k"))).toBe("other");
		expect(toName("tag", "x", of("other key"))).toBe("x");
		expect(toName("tag", "y", of("k", atMs + dayMs))).toBe("y");
	});

	test("no call counts twice in a row, and none is missing", () => {
		const toName = open();
		for (let at = 0; at < 1_000; at++) toName("tag", `t${at}`, of(null));
		const entry = toTestEntry({ tags: ["t1", "new 1", "new 2"] });
		const rows = toRollups([{ entry, model: "m" }], toName);
		const tags = rows.filter(([, dimension]) => dimension === "tag");
		expect(tags.map(([, , id, , calls]) => [id, calls])).toEqual([
			["other", 1],
			["t1", 1],
		]);
	});
});
