import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Reconciled, TallyRow } from "../../src/cli/reconciled.ts";
import type { TestCall } from "../ledger-rig.ts";
import { dayMs, type Month, openMonth } from "./month.ts";

// Months pass, on a machine that may be busy.
setDefaultTimeout(60_000);

const usage = (counts: object, more: object = {}): TestCall => ({
	script: { message: { usage: counts, ...more } },
});

/** A call of every kind that is priced in its own way. */
const traffic: readonly TestCall[] = [
	{},
	{ body: { stream: true } },
	{ script: { scenario: "cache_mix" } },
	{ script: { scenario: "cache_mix" }, body: { stream: true } },
	{
		...usage({ speed: "fast", input_tokens: 811 }),
		body: { model: "claude-opus-5-5" },
	},
	{
		body: { model: "claude-opus-5", inference_geo: "us" },
		script: { scenario: "cache_mix" },
	},
	{
		...usage({ input_tokens: 100_001, output_tokens: 900 }),
		body: { model: "claude-haiku-5-5" },
	},
	{
		...usage({ input_tokens: 100_000, output_tokens: 900 }),
		body: { model: "claude-haiku-5-5" },
	},
	{
		...usage({
			server_tool_use: { web_search_requests: 3, web_fetch_requests: 0 },
		}),
	},
	{ body: { model: "claude-haiku-4-5" } },
	{
		body: { model: "claude-opus-5" },
		script: { scenario: "compaction" },
		headers: { "anthropic-beta": "compact-2026-01-12" },
	},
	{ body: { model: "claude-sonnet-5" }, script: { scenario: "advisor" } },
	{ body: { model: "claude-fable-5" }, script: { scenario: "fallback" } },
	{ script: { scenario: "refusal" } },
	{ path: "/v1/chat/completions", body: { model: "claude-sonnet-5-5" } },
	{ path: "/v1/messages/count_tokens", body: { max_tokens: undefined } },
	{ script: { error: { type: "overloaded_error" } } },
];

const toRequest = (model: string, name: string) => ({
	custom_id: name,
	params: {
		model,
		max_tokens: 64,
		messages: [{ role: "user", content: name }],
	},
});

const batch = [
	toRequest("claude-sonnet-5-5", "one"),
	toRequest("claude-sonnet-5-5", "two"),
	toRequest("claude-opus-5", "three"),
];

const batchUsage = {
	message: {
		usage: {
			input_tokens: 2_001,
			output_tokens: 77,
			cache_read_input_tokens: 4_000,
			cache_creation_input_tokens: 3_000,
			cache_creation: {
				ephemeral_5m_input_tokens: 1_000,
				ephemeral_1h_input_tokens: 2_000,
			},
		},
	},
};

const november = Date.UTC(2026, 10, 1);
const noonMs = dayMs / 2;
/** After all of it. */
const later = Date.UTC(2027, 0, 31, 12);

let month: Month;
beforeAll(async () => {
	month = await openMonth();
});
afterAll(() => month?.stop());

const apart = ({ rows }: Reconciled) =>
	rows.filter(({ cause }) => cause !== "none");

test("a month of calls and batches of every kind agrees to the nano-dollar", async () => {
	for (let day = 0; day < 30; day++) {
		month.setClock(november + day * dayMs + noonMs);
		await Promise.all(traffic.map((call) => month.call(call)));
		if (day % 3 === 0) await month.batch(batch, batchUsage);
	}
	month.setClock(Date.UTC(2026, 11, 1, 12));
	const found = await month.reconcile({
		start_date: "2026-11-01",
		end_date: "2026-11-30",
		tolerance: "0",
	});
	expect(apart(found)).toEqual([]);
	expect(found.ok).toBe(true);
	expect(found.total.drift).toEqual({
		cents: "0",
		input_tokens: 0,
		output_tokens: 0,
		cache_write_5m_tokens: 0,
		cache_write_1h_tokens: 0,
		cache_read_tokens: 0,
		web_searches: 0,
	});
	expect(found.total.ledger.web_searches).toBe(30 * 3);
	expect(Number(found.total.upstream.cents)).toBeGreaterThan(1_000);
	const models = new Set(found.rows.map(({ model }) => model));
	expect([...models].sort()).toEqual([
		"claude-haiku-4-5-20251001",
		"claude-haiku-5-5",
		"claude-opus-4-8",
		"claude-opus-5",
		"claude-opus-5-5",
		"claude-sonnet-5",
		"claude-sonnet-5-5",
		"web_search",
	]);
});

type Expected = readonly [
	model: string,
	cause: string,
	drift: Partial<TallyRow>,
];

interface Plant {
	readonly name: string;
	plant(): Promise<unknown>;
	/** Whatever day it is looked for on. */
	readonly found: readonly Expected[];
	/** What upstream has the day after. */
	readonly next?: readonly Expected[];
	readonly ok?: true;
}

const sonnet = "claude-sonnet-5-5";
const searches = { web_search_requests: 2, web_fetch_requests: 0 };
const thousand = { input_tokens: 1_000, output_tokens: 100 };
/** Cents: 1,000 and 100 tokens of Sonnet 5.5. */
const cents = "0.3";

const plants: readonly Plant[] = [
	{
		name: "traffic that did not pass here",
		plant: () => month.call(usage(thousand), true),
		found: [[sonnet, "foreign", { ...thousand, cents }]],
	},
	{
		name: "traffic of a model that nobody uses here",
		plant: () =>
			month.call(
				{ ...usage(thousand), body: { model: "claude-opus-4-6" } },
				true,
			),
		found: [["claude-opus-4-6", "foreign", { ...thousand, cents: "0.75" }]],
	},
	{
		name: "web searches that did not pass here",
		plant: () =>
			month.call(
				usage({
					...thousand,
					server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 },
				}),
				true,
			),
		found: [
			[sonnet, "foreign", { ...thousand, cents }],
			["web_search", "foreign", { web_searches: 2, cents: "2" }],
		],
	},
	{
		name: "another price than the list's",
		plant: () =>
			month.call({
				script: {
					billing: { percent: 110 },
					message: { usage: { input_tokens: 1_000_000, output_tokens: 0 } },
				},
			}),
		found: [
			[sonnet, "price", { input_tokens: 0, output_tokens: 0, cents: "20" }],
		],
	},
	{
		name: "another price of searches",
		plant: () =>
			month.call({
				script: {
					billing: { percent: 110 },
					message: { usage: { ...thousand, server_tool_use: searches } },
				},
			}),
		found: [
			[sonnet, "price", { input_tokens: 0, cents: "0.03" }],
			["web_search", "price", { web_searches: 0, cents: "0.2" }],
		],
	},
	{
		name: "a batch without its discount",
		plant: () =>
			month.batch([toRequest(sonnet, "dear")], {
				billing: { percent: 200 },
				message: { usage: { input_tokens: 1_000_000, output_tokens: 0 } },
			}),
		found: [[sonnet, "price", { cents: "100" }]],
	},
	{
		name: "a call that upstream does not show",
		plant: () =>
			month.call({
				script: { billing: { omit: true }, message: { usage: thousand } },
			}),
		found: [
			[
				sonnet,
				"missing",
				{ input_tokens: -1_000, output_tokens: -100, cents: "-0.3" },
			],
		],
	},
	{
		name: "a call in the place of another",
		plant: async () => {
			await month.call({
				script: { billing: { omit: true }, message: { usage: thousand } },
			});
			await month.call(usage({ input_tokens: 9_000, output_tokens: 0 }), true);
		},
		found: [
			[
				sonnet,
				"mixed",
				{ input_tokens: 8_000, output_tokens: -100, cents: "1.5" },
			],
		],
	},
	{
		name: "a call shown on another day",
		plant: () =>
			month.call({
				script: { billing: { later_ms: dayMs }, message: { usage: thousand } },
			}),
		found: [[sonnet, "missing", { input_tokens: -1_000, cents: "-0.3" }]],
		next: [[sonnet, "foreign", { input_tokens: 1_000, cents }]],
	},
	{
		name: "container hours that no reply tells",
		plant: () =>
			month.call({
				body: {
					tools: [{ type: "code_execution_20250825", name: "code_execution" }],
				},
				script: { billing: { container_mills: 50 } },
			}),
		found: [["code_execution", "container_time", { cents: "5" }]],
		ok: true,
	},
	{
		name: "container hours of somebody else",
		plant: () => month.call({ script: { billing: { container_mills: 50 } } }),
		found: [["code_execution", "foreign", { cents: "5" }]],
	},
	{
		name: "a stream that broke off",
		plant: () =>
			month.call({
				body: { stream: true },
				script: {
					truncate: { after_events: 3 },
					message: { usage: { output_tokens: 40 } },
				},
			}),
		found: [[sonnet, "estimated", {}]],
		ok: true,
	},
	{
		name: "a model without a price",
		plant: () => month.call(usage(thousand, { model: "claude-next-1" })),
		found: [["claude-next-1", "unpriced", { input_tokens: 0 }]],
	},
	{
		name: "a model without a price, and its searches",
		plant: () =>
			month.call(
				usage(
					{ ...thousand, server_tool_use: searches },
					{ model: "claude-next-1" },
				),
			),
		found: [
			["claude-next-1", "unpriced", { input_tokens: 0 }],
			["web_search", "unpriced", { web_searches: 0 }],
		],
	},
	{
		name: "a call that its client pays for",
		plant: () =>
			month.call({
				headers: { "x-api-key": "sk-ant-api03-of-a-client-0123456789" },
				script: { billing: { omit: true } },
			}),
		found: [],
		ok: true,
	},
	{
		name: "a batch that upstream counts when it has ended, after midnight",
		plant: async () => {
			month.setClock(today() + dayMs - 1_000);
			await month.batch([toRequest(sonnet, "late")], batchUsage);
		},
		found: [],
		next: [],
		ok: true,
	},
];

const december = Date.UTC(2026, 11, 2);
let planted = 0;
/** Two days for each. */
const today = () => december + planted * 2 * dayMs;
const toDate = (ms: number) => new Date(ms).toISOString().slice(0, 10);

const toExpected = (found: Reconciled, expected: readonly Expected[]) =>
	expected.map(([model, , drift]) => {
		const row = found.rows.find((one) => one.model === model);
		const names = Object.keys(drift) as (keyof TallyRow)[];
		const seen = names.map((name) => [name, row?.drift[name]]);
		return [model, row?.cause, Object.fromEntries(seen)];
	});

test.each([...plants])("$name", async ({ plant, found, next, ok = false }) => {
	planted += 1;
	const at = today();
	month.setClock(at + noonMs);
	await Promise.all(traffic.slice(0, 4).map((call) => month.call(call)));
	await plant();
	month.setClock(later);
	const days = [found, ...(next ? [next] : [])];
	for (const [day, expected] of days.entries()) {
		const date = toDate(at + day * dayMs);
		const answer = await month.reconcile({
			start_date: date,
			end_date: date,
			tolerance: "0",
		});
		expect(toExpected(answer, expected)).toEqual(
			expected.map((one) => [...one]),
		);
		expect(
			apart(answer)
				.map(({ model }) => model)
				.sort(),
		).toEqual(expected.map(([model]) => model).sort());
		expect(answer.ok).toBe(ok);
	}
});

test("without dates the last seven full days; a tolerance takes small differences for none", async () => {
	month.setClock(later);
	const usual = await month.reconcile();
	expect([usual.start_date, usual.end_date]).toEqual([
		"2027-01-24",
		"2027-01-30",
	]);
	const date = toDate(december + 2 * dayMs);
	const query = { start_date: date, end_date: date };
	expect((await month.reconcile(query)).ok).toBe(false);
	const tolerant = { ...query, tolerance: "0.3", token_tolerance: "1000" };
	expect((await month.reconcile(tolerant)).ok).toBe(true);
});

test("of another workspace there is nothing", async () => {
	const date = toDate(december + 2 * dayMs);
	const query = { start_date: date, end_date: date };
	const own = await month.reconcile({
		...query,
		workspace: "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
	});
	expect(own.total.drift.input_tokens).toBe(1_000);
	const other = await month.reconcile({ ...query, workspace: "default" });
	expect(other.total.upstream.cents).toBe("0");
	expect(apart(other).map(({ cause }) => cause)).toEqual(["missing"]);
});
