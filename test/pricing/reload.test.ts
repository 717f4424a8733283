/** A file of prices that changes while the gateway runs. */
import { afterEach, describe, expect, test } from "bun:test";
import {
	mkdtempSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPrices, type Prices } from "../../src/pricing/open-prices.ts";
import { row, sonnet } from "./own-rows.ts";
import { now, plainSettings } from "./usages.ts";

const waitMaxMs = 5_000;

async function until(condition: () => boolean, what: string): Promise<void> {
	const endMs = performance.now() + waitMaxMs;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`waited for: ${what}`);
		await Bun.sleep(2);
	}
}

const toText = (dollars: string) =>
	JSON.stringify({ models: [{ model: sonnet, prices: [row(dollars)] }] });

const closers: (() => void)[] = [];
afterEach(() => {
	for (const close of closers.splice(0)) close();
});

function openFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "prices-"));
	closers.push(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

function openWatched(path: string) {
	const changes: string[] = [];
	const problems: (readonly string[])[] = [];
	const prices = openPrices({
		...plainSettings,
		path,
		pollMs: 5,
		onChange: ({ version }) => changes.push(version),
		onProblem: (lines) => problems.push(lines),
	});
	closers.push(prices.close);
	return { prices, changes, problems };
}

const inputOf = (prices: Prices) =>
	Number(prices.catalog().find(sonnet, now).price?.standard.input) / 1e6;

describe("a file that changes", () => {
	test("is read again; what a call has taken stays as it is", async () => {
		const path = join(openFolder(), "prices.json");
		writeFileSync(path, toText("1"));
		const { prices, changes, problems } = openWatched(path);
		const before = prices.catalog();
		expect(inputOf(prices)).toBe(1);
		writeFileSync(path, toText("3"));
		await until(() => changes.length === 1, "the new prices");
		expect(inputOf(prices)).toBe(3);
		expect(changes).toEqual([prices.catalog().version]);
		expect(before.version).not.toBe(prices.catalog().version);
		expect(before.find(sonnet, now).price?.standard.input).toBe(
			1_000_000n as never,
		);
		expect(problems).toEqual([]);
	});

	test("may be replaced by another, or reached through a link that is turned", async () => {
		const folder = openFolder();
		const path = join(folder, "prices.json");
		const [first, second, next] = ["a", "b", "next"].map((name) =>
			join(folder, name),
		);
		if (!first || !second || !next) throw new Error("no names");
		writeFileSync(first, toText("1"));
		writeFileSync(second, toText("3"));
		symlinkSync(first, path);
		const { prices, changes } = openWatched(path);
		symlinkSync(second, next);
		renameSync(next, path);
		await until(() => changes.length === 1, "the link's new target");
		expect(inputOf(prices)).toBe(3);
		writeFileSync(next, toText("4"));
		renameSync(next, path);
		await until(() => changes.length === 2, "the new file");
		expect(inputOf(prices)).toBe(4);
	});

	test("and is wrong changes nothing, says so once, and heals", async () => {
		const path = join(openFolder(), "prices.json");
		writeFileSync(path, toText("1"));
		const { prices, changes, problems } = openWatched(path);
		writeFileSync(path, toText("cheap"));
		await until(() => problems.length === 1, "the problem");
		expect(problems[0]).toHaveLength(5);
		expect(problems[0]?.[0]).toStartWith(`${path}: model "${sonnet}", `);
		expect(inputOf(prices)).toBe(1);
		rmSync(path);
		await until(() => problems.length === 2, "the loss");
		expect(problems[1]).toEqual([`${path} does not exist.`]);
		expect(inputOf(prices)).toBe(1);
		writeFileSync(path, toText("5"));
		await until(() => changes.length === 1, "the good file");
		expect(inputOf(prices)).toBe(5);
		expect(problems).toHaveLength(2);
	});

	test("is left alone after the close", async () => {
		const folder = openFolder();
		const path = join(folder, "prices.json");
		const witnessPath = join(folder, "witness.json");
		writeFileSync(path, toText("1"));
		writeFileSync(witnessPath, toText("1"));
		const { prices, changes } = openWatched(path);
		prices.close();
		writeFileSync(path, toText("2"));
		// Another watcher, begun later, has seen its own change: this one had its chances.
		const witness = openWatched(witnessPath);
		writeFileSync(witnessPath, toText("2"));
		await until(() => witness.changes.length === 1, "the witness");
		expect(changes).toEqual([]);
		expect(inputOf(prices)).toBe(1);
	});
});

describe("from the start", () => {
	const refusal = (path: string) => () =>
		openPrices({ ...plainSettings, path });
	test("a file that is not there, none at all, or wrong is an error that says so", () => {
		const folder = openFolder();
		const path = join(folder, "prices.json");
		expect(refusal(path)).toThrow(`${path} does not exist.`);
		expect(refusal(folder)).toThrow(`${folder} is no file.`);
		writeFileSync(path, "{}");
		expect(refusal(path)).toThrow(`${path}: models is missing`);
		writeFileSync(path, " ".repeat(5 * 2 ** 20));
		expect(refusal(path)).toThrow(`${path} is larger than 4 MB.`);
	});
	test("without a file what is shipped is in force", () => {
		const prices = openPrices(plainSettings);
		expect(inputOf(prices)).toBe(2);
		prices.close();
	});
	test("a byte order mark does no harm", () => {
		const path = join(openFolder(), "prices.json");
		writeFileSync(path, `\ufeff${toText("7")}`);
		expect(inputOf(openWatched(path).prices)).toBe(7);
	});
});
