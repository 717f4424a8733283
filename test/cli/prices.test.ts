import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { type FakeOptions, openFakeWorld } from "./fake-world.ts";
import { configOf, load } from "./loading.ts";

const folder = mkdtempSync(join(tmpdir(), "prices-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function writePrices(value: unknown): string {
	files += 1;
	const path = join(folder, `${files}.json`);
	writeFileSync(path, JSON.stringify(value));
	return path;
}

const clock = {
	now: () => Date.parse("2026-11-22T12:00:00Z"),
	monotonic: () => 0,
};

async function run(line: string, options: FakeOptions = {}) {
	const world = openFakeWorld({ clock, columns: 120, ...options });
	const code = await runProgram(line.split(" ").filter(Boolean), world);
	const out = world.stdout.text();
	return {
		code,
		out,
		err: world.stderr.text(),
		compact: out.replace(/ +/g, " "),
	};
}

const onTerminal = (line: string, env: FakeOptions["env"] = {}) =>
	run(line, { isTty: true, env: { NO_COLOR: "1", ...env } });

const half = {
	input: "1",
	output: "5",
	cacheWrite5m: "1.25",
	cacheWrite1h: "2",
	cacheRead: "0.05",
};
const own = {
	models: [
		{
			model: "claude-sonnet-5-5",
			prices: [{ from: "2026-11-01", until: "2026-12-31", standard: half }],
		},
		{
			model: "house-model",
			maxInputTokens: 1_000,
			maxOutputTokens: 100,
			prices: [{ from: "2027-01-01", until: "2027-06-30", standard: half }],
		},
	],
};

describe("on a terminal", () => {
	test("what is in force, and what will change", async () => {
		const { code, compact, err } = await onTerminal("prices");
		expect({ code, err }).toEqual({ code: 0, err: "" });
		for (const part of [
			"Prices on 2026-11-22 (UTC), in USD per million tokens\n",
			"13 retired models are not listed; unknown models: dearest\n",
			" model input write 5m write 1h read output from until why\n",
			" claude-sonnet-5-5 2 2.5 4 0.1 10 2026-10-07 shipped\n",
			" claude-opus-4-8 5 6.25 10 0.5 25 2026-05-28 2026-11-30 shipped\n fast mode 10 12.5 20 1 50\n",
			" claude-haiku-5-5 0.1 0.125 0.2 0.01 0.5 2026-10-07 shipped\n prompt > 100,000 0.5 0.625 1 0.05 2.5\n",
			"Coming\n 2026-11-30 claude-sonnet-4-5-20250929 retires\n 2026-12-01 claude-opus-4-8 fast mode ends\n",
		]) {
			expect(compact).toContain(part);
		}
		expect(compact).not.toContain("claude-3");
		expect(compact).not.toContain("\u001b");
	});

	test("prices of one's own, and a factor", async () => {
		const path = writePrices(own);
		const { compact } = await onTerminal("prices", {
			TOLLWAY_PRICES_FILE: path,
			TOLLWAY_PRICE_FACTOR: "0.9",
			TOLLWAY_UNKNOWN_MODEL: "refuse",
		});
		const flat = compact.replace(/\s+/g, " ");
		for (const part of [
			`1 of these from ${path}; all times 0.9;`,
			"unknown models: refuse",
			" claude-sonnet-5-5 0.9 1.125 1.8 0.045 4.5 2026-11-01 2026-12-31 file ",
			" claude-opus-5-5 3.6 4.5 7.2 0.18 18 2026-09-22 shipped ",
			" 2027-01-01 claude-sonnet-5-5 input 0.9 → 1.8, write 5m 1.125 → 2.25, ",
			" 2027-01-01 house-model a price begins ",
			" 2027-07-01 house-model has no price any more ",
		]) {
			expect(flat).toContain(part);
		}
	});

	test("one model, with all it cost and will", async () => {
		const { compact } = await onTerminal("prices claude-opus-4-6");
		for (const part of [
			" claude-opus-4-6 5 6.25 10 0.5 25 2026-02-07 2026-03-12 shipped\n prompt > 200,000 10 12.5 20 1 37.5\n fast mode 30 37.5 60 3 150\n",
			"Context 1,000,000 tokens, output 128,000 (300,000 in batches).",
			"Batches 50 %, US inference 110 %, web search $0.01.",
		]) {
			expect(compact).toContain(part);
		}
	});

	test.each([
		["claude-haiku-4-5", "is another name of claude-haiku-4-5-20251001"],
		["claude-opus-5[1m]", "is priced without its [1m], as claude-opus-5"],
		["claude-opus-5-20260724", "is priced without its date, as claude-opus-5"],
		[
			"claude-opus-9",
			"the dearest of its family stands in, as an estimate: claude-opus-5",
		],
		[
			"gpt-5",
			"the dearest of all stands in, as an estimate: claude-mythos-preview",
		],
	])("%s %s", async (name, sentence) => {
		const { code, out } = await onTerminal(`prices ${name}`);
		expect(code).toBe(0);
		expect(out).toContain(`${name} is `);
		expect(out).toContain(sentence);
	});

	test("an unknown model under the other policies", async () => {
		const asked = (policy: string) =>
			onTerminal("prices claude-opus-9", { TOLLWAY_UNKNOWN_MODEL: policy });
		expect((await asked("refuse")).out).toContain(
			"claude-opus-9 is unknown and refused (TOLLWAY_UNKNOWN_MODEL=refuse)",
		);
		const { out } = await asked("unpriced");
		expect(out).toContain("claude-opus-9 is unknown and stays without a price");
		expect(out).not.toContain("shipped");
	});

	test("a hostile name cannot reach the terminal", async () => {
		const { out } = await onTerminal("prices \u001b[2Jx\u202e");
		expect(out).toContain("\\u001b[2Jx\\u202e is unknown");
	});
});

describe("in a pipe, or when asked: JSON", () => {
	test("everything in force", async () => {
		const piped = await run("prices");
		const { out } = await onTerminal("prices --json");
		expect(out).toBe(piped.out);
		const { prices, coming, ...head } = JSON.parse(out);
		expect(head).toEqual({
			day: "2026-11-22",
			catalog: expect.stringMatching(/^2026-11-22-[0-9a-f]{10}$/),
			as_of: "2026-11-22",
			unit: "USD per million tokens; web_search: USD each",
			file: null,
			factor: "1",
			unknown_model: "dearest",
			asked: null,
		});
		expect(prices).toHaveLength(19);
		expect(coming).toContainEqual({
			day: "2026-12-01",
			model: "claude-opus-4-8",
			what: "fast mode ends",
		});
		expect(
			prices.find(({ model }: { model: string }) => /haiku-5/.test(model)),
		).toEqual({
			model: "claude-haiku-5-5",
			aliases: [],
			price_id: "claude-haiku-5-5@2026-10-07",
			from: "2026-10-07",
			until: null,
			why: "shipped",
			input: "0.1",
			cache_write_5m: "0.125",
			cache_write_1h: "0.2",
			cache_read: "0.01",
			output: "0.5",
			long_prompt: {
				above_tokens: 100_000,
				input: "0.5",
				cache_write_5m: "0.625",
				cache_write_1h: "1",
				cache_read: "0.05",
				output: "2.5",
			},
			fast: null,
			batch_percent: 50,
			us_percent: 110,
			web_search: "0.01",
			max_input_tokens: 1_000_000,
			max_output_tokens: 128_000,
			max_batch_output_tokens: 300_000,
			retires_on: null,
			note: "Only current model with a prompt-length tier.",
		});
	});

	test("one model", async () => {
		const env = { TOLLWAY_PRICES_FILE: writePrices(own) };
		const { out } = await run("prices claude-sonnet-5-5[1m]", { env });
		const { asked, prices } = JSON.parse(out);
		expect(asked).toEqual({
			model: "claude-sonnet-5-5[1m]",
			match: "window",
			price_id: "claude-sonnet-5-5@2026-11-01",
		});
		expect(
			prices.map(({ price_id, why }: Record<string, string>) => [
				price_id,
				why,
			]),
		).toEqual([
			["claude-sonnet-5-5@2026-09-28", "shipped"],
			["claude-sonnet-5-5@2026-10-07", "shipped"],
			["claude-sonnet-5-5@2026-11-01", "file"],
			["claude-sonnet-5-5@2027-01-01", "shipped"],
		]);
	});
});

describe("mistakes: exit 78, nothing on stdout", () => {
	test("in the file of prices", async () => {
		const path = writePrices({ models: [{ model: "x", price: 1 }] });
		const { code, out, err } = await run("prices", {
			env: { TOLLWAY_PRICES_FILE: path },
		});
		expect({ code, out }).toEqual({ code: 78, out: "" });
		expect(err).toBe(
			`tollway: ${path}: model "x": "price" is no member of a price file.\n`,
		);
	});

	test("no such file", async () => {
		const path = join(folder, "none.json");
		const env = { TOLLWAY_PRICES_FILE: path };
		expect(await run("prices", { env })).toMatchObject({
			code: 78,
			out: "",
			err: `tollway: ${path} does not exist.\n`,
		});
	});

	test.each([
		["TOLLWAY_PRICE_FACTOR", "0"],
		["TOLLWAY_PRICE_FACTOR", "-1"],
		["TOLLWAY_PRICE_FACTOR", "1e3"],
		["TOLLWAY_PRICE_FACTOR", "1000.1"],
		["TOLLWAY_PRICE_FACTOR", "0.1234567"],
		["TOLLWAY_PRICE_FACTOR", "13%"],
		["TOLLWAY_UNKNOWN_MODEL", "free"],
		["TOLLWAY_UNKNOWN_MODEL", "constructor"],
	])("%s=%s", async (name, value) => {
		const { problems } = load({ [name]: value });
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith(`${name} is "${value}"; expected `);
		expect((await run("prices", { env: { [name]: value } })).code).toBe(78);
	});
});

test("the settings, as the gateway gets them", () => {
	expect(
		configOf({
			TOLLWAY_PRICES_FILE: "~/prices.json",
			TOLLWAY_PRICE_FACTOR: "0.870",
			TOLLWAY_UNKNOWN_MODEL: "Refuse",
		}).prices,
	).toEqual({
		path: "/home/ada/prices.json",
		factor: "0.870",
		unknownModel: "refuse",
	});
});

test("help names the argument", async () => {
	const { code, out } = await run("prices --help");
	expect(code).toBe(0);
	expect(out).toContain("tollway prices [options] [model]");
});

test("a second model is one too many", async () => {
	const { code, err } = await run("prices a b");
	expect(code).toBe(2);
	expect(err).toContain("too many arguments for 'prices'");
});
