/** The organization's reports: what was used, and what that costs by the price list. */
import { type Picos, toDecimalText } from "../domain/nanos.ts";
import { oneInMillionths, toRates } from "../domain/price.ts";
import type { TokenCounts } from "../domain/usage.ts";
import { loadPrices } from "../pricing/load-prices.ts";
import type { Booked } from "./books.ts";
import type { Call } from "./call.ts";
import { ApiError } from "./errors.ts";
import { workspaceId } from "./headers.ts";
import { type Reply, toJson } from "./reply.ts";

type Width = "1d" | "1h" | "1m";

const widths: Readonly<
	Record<
		Width,
		{ readonly ms: number; readonly usual: number; readonly max: number }
	>
> = {
	"1d": { ms: 86_400_000, usual: 7, max: 31 },
	"1h": { ms: 3_600_000, usual: 24, max: 168 },
	"1m": { ms: 60_000, usual: 60, max: 1_440 },
};

interface Kind {
	readonly widths: readonly Width[];
	readonly groups: readonly string[];
	readonly filters: readonly string[];
}

const usageKind: Kind = {
	widths: ["1d", "1h", "1m"],
	groups: [
		"api_key_id",
		"workspace_id",
		"model",
		"service_tier",
		"context_window",
		"inference_geo",
	],
	filters: ["models[]", "workspace_ids[]", "service_tiers[]"],
};

const costKind: Kind = {
	widths: ["1d"],
	groups: ["workspace_id", "description"],
	filters: [],
};

const refuse = (message: string) =>
	new ApiError("invalid_request_error", message);

interface Asked {
	readonly fromMs: number;
	readonly untilMs: number;
	readonly widthMs: number;
	readonly limit: number;
	readonly groups: ReadonlySet<string>;
}

const common = [
	"starting_at",
	"ending_at",
	"bucket_width",
	"limit",
	"page",
	"group_by[]",
];

/** Throws the API's 400. */
function readQuery(query: URLSearchParams, kind: Kind, nowMs: number): Asked {
	for (const name of query.keys()) {
		if (![...common, ...kind.filters].includes(name)) {
			throw refuse(`${name}: Extra inputs are not permitted`);
		}
	}
	const width = (query.get("bucket_width") ?? "1d") as Width;
	if (!kind.widths.includes(width)) {
		throw refuse(`bucket_width: Input should be ${kind.widths.join(", ")}`);
	}
	const { ms: widthMs, usual, max } = widths[width];
	const limit = Number(query.get("limit") ?? usual);
	if (!Number.isInteger(limit) || limit < 1 || limit > max) {
		throw refuse(`limit: Input should be between 1 and ${max}`);
	}
	const groups = new Set(query.getAll("group_by[]"));
	for (const group of groups) {
		if (!kind.groups.includes(group)) {
			throw refuse(`group_by: Input should be ${kind.groups.join(", ")}`);
		}
	}
	const start = readTime(query, "starting_at");
	if (start === null) throw refuse("starting_at: Field required");
	const end = readTime(query, "ending_at") ?? nowMs;
	if (end <= start) throw refuse("ending_at: must be after starting_at");
	const snap = (atMs: number) => Math.floor(atMs / widthMs) * widthMs;
	const fromMs = readPage(query.get("page")) ?? snap(start);
	return { fromMs, untilMs: end, widthMs, limit, groups };
}

function readTime(query: URLSearchParams, name: string): number | null {
	const text = query.get(name);
	if (text === null) return null;
	const atMs = Date.parse(text);
	if (!Number.isNaN(atMs) && /T.*(Z|[+-]\d\d:\d\d)$/.test(text)) return atMs;
	throw refuse(`${name}: Input should be a valid datetime`);
}

/** As upstream's: the start of the next bucket, in base64. */
function readPage(page: string | null): number | null {
	if (page === null) return null;
	const [, text = ""] = /^page_([\w+/=-]+)$/.exec(page) ?? [];
	const atMs = Date.parse(atob(text));
	if (Number.isNaN(atMs)) throw refuse("page: invalid cursor");
	return atMs;
}

const toInstant = (ms: number) =>
	new Date(ms).toISOString().replace(".000Z", "Z");

/** A bucket for each day or hour, those without anything among them. */
function toReport(
	asked: Asked,
	toResults: (fromMs: number, untilMs: number) => readonly object[],
): Reply {
	const { fromMs, untilMs, widthMs, limit } = asked;
	const data: object[] = [];
	let atMs = fromMs;
	for (; atMs < untilMs && data.length < limit; atMs += widthMs) {
		data.push({
			starting_at: toInstant(atMs),
			ending_at: toInstant(atMs + widthMs),
			results: toResults(atMs, atMs + widthMs),
		});
	}
	const has_more = atMs < untilMs;
	const next_page = has_more ? `page_${btoa(toInstant(atMs))}` : null;
	return toJson({ data, has_more, next_page });
}

const longContextTokens = 200_000;

const toPromptTokens = (one: TokenCounts): number =>
	one.input + one.cacheWrite5m + one.cacheWrite1h + one.cacheRead;

/** What it can be grouped by. */
const toPlace = (one: Booked) => ({
	api_key_id: "apikey_01Rj2N8SVvo6BePZj99NhmiT",
	workspace_id: workspaceId,
	model: one.model,
	service_tier: one.serviceTier,
	context_window:
		toPromptTokens(one) > longContextTokens ? "200k-1M" : "0-200k",
	inference_geo: one.inferenceGeo,
});

type Place = ReturnType<typeof toPlace>;

const within = (all: readonly Booked[], fromMs: number, untilMs: number) =>
	all.filter(({ atMs }) => fromMs <= atMs && atMs < untilMs);

const passes = (query: URLSearchParams, name: string, value: string) =>
	!query.has(name) || query.getAll(name).includes(value);

/** GET /v1/organizations/usage_report/messages. */
export function getUsageReport({ query, world }: Call): Reply {
	const asked = readQuery(query, usageKind, world.clock.now());
	const all = world.books
		.list()
		.filter(
			(one) =>
				passes(query, "models[]", one.model) &&
				passes(query, "service_tiers[]", one.serviceTier) &&
				passes(query, "workspace_ids[]", workspaceId),
		);
	return toReport(asked, (fromMs, untilMs) => {
		const groups = Map.groupBy(within(all, fromMs, untilMs), (one) =>
			JSON.stringify(toGroup(toPlace(one), asked.groups)),
		);
		return [...groups].map(([place, of]) => ({
			...toUsed(of),
			...JSON.parse(place),
		}));
	});
}

/** What is not grouped by is null. */
const toGroup = (place: Place, groups: ReadonlySet<string>) =>
	Object.fromEntries(
		Object.entries(place).map(([name, value]) => [
			name,
			groups.has(name) ? value : null,
		]),
	);

function toUsed(all: readonly Booked[]) {
	const add = (of: (one: Booked) => number) =>
		all.reduce((sum, one) => sum + of(one), 0);
	return {
		uncached_input_tokens: add(({ input }) => input),
		cache_creation: {
			ephemeral_5m_input_tokens: add(({ cacheWrite5m }) => cacheWrite5m),
			ephemeral_1h_input_tokens: add(({ cacheWrite1h }) => cacheWrite1h),
		},
		cache_read_input_tokens: add(({ cacheRead }) => cacheRead),
		output_tokens: add(({ output }) => output),
		server_tool_use: {
			web_search_requests: add(({ webSearches }) => webSearches),
		},
	};
}

const tokenTypes = {
	uncached_input_tokens: "input",
	"cache_creation.ephemeral_5m_input_tokens": "cacheWrite5m",
	"cache_creation.ephemeral_1h_input_tokens": "cacheWrite1h",
	cache_read_input_tokens: "cacheRead",
	output_tokens: "output",
} as const satisfies Record<string, keyof TokenCounts>;

interface Charge {
	readonly what: object;
	/** Pico-dollars, times `oneInMillionths`, times a hundred. */
	readonly amount: bigint;
}

const hundred = 100n;
const perPico = BigInt(oneInMillionths) * hundred;
const picosPerMill = 1_000_000_000n;
const nothing = {
	context_window: null,
	inference_geo: null,
	model: null,
	service_tier: null,
	token_type: null,
};

/** GET /v1/organizations/cost_report. */
export function getCostReport({ query, world }: Call): Reply {
	const asked = readQuery(query, costKind, world.clock.now());
	const { catalog, problems } = loadPrices({
		unknownModel: "dearest",
		factor: "1",
		path: null,
	});
	if (problems) throw new Error(problems.join("\n"));
	const toCharges = (one: Booked): readonly Charge[] => {
		const { price } = catalog.find(one.model, one.pricedAtMs);
		if (price === null) return [];
		const rates = toRates(price, {
			promptTokens: toPromptTokens(one),
			fast: one.fast,
			batch: one.serviceTier === "batch",
			us: one.inferenceGeo === "us",
		});
		const { model, service_tier, context_window, inference_geo } = toPlace(one);
		const percent = BigInt(one.percent);
		const flat = (type: string, count: number, picos: bigint): Charge => ({
			what: { cost_type: type, ...nothing },
			amount: BigInt(count) * picos * BigInt(oneInMillionths) * percent,
		});
		const tokens = Object.entries(tokenTypes).map(([token_type, kind]) => ({
			what: {
				cost_type: "tokens",
				...{ context_window, inference_geo, model, service_tier, token_type },
			},
			amount: toAmount(
				one[kind],
				rates.prices[kind],
				rates.millionths,
				percent,
			),
		}));
		return [
			...tokens,
			flat("web_search", one.webSearches, price.webSearch),
			flat("code_execution", one.containerMills, picosPerMill),
		];
	};
	const all = world.books.list();
	return toReport(asked, (fromMs, untilMs) => {
		const charges = within(all, fromMs, untilMs).flatMap(toCharges);
		return toCosts(charges, asked.groups);
	});
}

const toAmount = (
	count: number,
	picos: Picos,
	millionths: number,
	percent: bigint,
): bigint => BigInt(count) * picos * BigInt(millionths) * percent;

function toCosts(charges: readonly Charge[], groups: ReadonlySet<string>) {
	const isTold = groups.has("description");
	const unsaid = { cost_type: null, ...nothing };
	const sums = new Map<string, bigint>();
	for (const { what, amount } of charges) {
		if (amount === 0n) continue;
		const key = JSON.stringify(isTold ? what : unsaid);
		sums.set(key, (sums.get(key) ?? 0n) + amount);
	}
	return [...sums].map(([key, amount]) => ({
		...JSON.parse(key),
		currency: "USD",
		amount: toDecimalText(amount / perPico, centPlaces),
		workspace_id: groups.has("workspace_id") ? workspaceId : null,
		description: isTold ? toDescription(JSON.parse(key)) : null,
	}));
}

/** Of pico-dollars, in cents. */
const centPlaces = 10;

const toDescription = (what: Record<string, string | null>): string =>
	[what.model ?? what.cost_type, what.token_type]
		.filter((part) => part !== null)
		.join(" - ");
