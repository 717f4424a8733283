/** Upstream's reports of an organization, asked for with its admin key: what was used, and what it cost, by day and model. */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { noTally, type UpstreamPart, webSearch } from "../domain/drift.ts";
import { GatewayError } from "../domain/error.ts";
import { toNanos } from "../domain/nanos.ts";
import type { UpstreamFetch } from "../platform/contract.ts";

export interface ReportAccess {
	/** Upstream's base URL, and the only place where the key goes. */
	readonly url: string;
	/** Null: there is none. */
	readonly credential: {
		readonly header: string;
		readonly value: string;
		/** What the operator gave it as. */
		readonly from: string;
	} | null;
	readonly userAgent: string;
	readonly fetch: UpstreamFetch;
	/** Why the connection failed, for whoever asked. */
	readonly toFailure: (cause: unknown) => GatewayError;
}

export interface ReportSpan {
	/** The first moment, and the first that no longer counts: of days, UTC. */
	readonly fromMs: number;
	readonly untilMs: number;
	/** `wrkspc_…`, or `default`; null: all workspaces of the organization. */
	readonly workspace: string | null;
}

/** For all pages of both reports; the command line waits for thirty. */
const patienceMs = 20_000;
/** Days of one page, which is upstream's most. */
const pageDays = 31;
/** Of one report; a quarter has three. */
const maxPages = 50;
const maxPageBytes = 16 * 1024 * 1024;

const count = z
	.number()
	.int()
	.min(0)
	.nullish()
	.transform((value) => value ?? 0);
const name = z
	.string()
	.nullish()
	.transform((value) => value ?? null);

const usageRow = z.object({
	model: name,
	workspace_id: name,
	uncached_input_tokens: count,
	output_tokens: count,
	cache_read_input_tokens: count,
	cache_creation: z
		.object({
			ephemeral_5m_input_tokens: count,
			ephemeral_1h_input_tokens: count,
		})
		.nullish(),
	server_tool_use: z.object({ web_search_requests: count }).nullish(),
});

const costRow = z.object({
	model: name,
	workspace_id: name,
	cost_type: name,
	currency: z.literal("USD"),
	/** Cents. */
	amount: z.string().regex(/^-?\d{1,15}(\.\d{1,30})?$/),
});

type UsageRow = z.output<typeof usageRow>;
type CostRow = z.output<typeof costRow>;

const toPage = <Row>(row: z.ZodType<Row>) =>
	z.object({
		data: z.array(z.object({ starting_at: z.string(), results: z.array(row) })),
		has_more: z.boolean(),
		next_page: z.string().nullish(),
	});

interface Report<Row> {
	readonly path: string;
	readonly groups: readonly string[];
	readonly page: z.ZodType<z.output<ReturnType<typeof toPage<Row>>>>;
	/** What a row says of its day. */
	readonly toParts: (row: Row) => readonly Omit<UpstreamPart, "day">[];
}

/** What neither side names a model of. */
export const unknownModel = "unknown";

const usageReport: Report<UsageRow> = {
	path: "/v1/organizations/usage_report/messages",
	groups: ["model"],
	page: toPage(usageRow),
	toParts: (row) => [
		{
			...noTally,
			model: row.model ?? unknownModel,
			input: row.uncached_input_tokens,
			output: row.output_tokens,
			cacheRead: row.cache_read_input_tokens,
			cacheWrite5m: row.cache_creation?.ephemeral_5m_input_tokens ?? 0,
			cacheWrite1h: row.cache_creation?.ephemeral_1h_input_tokens ?? 0,
		},
		{
			...noTally,
			model: webSearch,
			webSearches: row.server_tool_use?.web_search_requests ?? 0,
		},
	],
};

const costReport: Report<CostRow> = {
	path: "/v1/organizations/cost_report",
	groups: ["description"],
	page: toPage(costRow),
	toParts: ({ cost_type: type, model, amount }) => [
		{
			...noTally,
			model:
				type === null || type === "tokens" ? (model ?? unknownModel) : type,
			nanos: toNanos(readCents(amount)),
		},
	],
};

/** Nano-dollars have seven places in cents; what is smaller is rounded. */
const centPlaces = 7;

function readCents(text: string): bigint {
	const [, sign, whole = "", fraction = ""] =
		/^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
	const digits = fraction.padEnd(centPlaces + 1, "0");
	const cut = BigInt(whole + digits.slice(0, centPlaces));
	const nanos = (digits[centPlaces] ?? "0") >= "5" ? cut + 1n : cut;
	return sign === "-" ? -nanos : nanos;
}

/**
 * Days, models and other costs may come in several parts. Rejects with GatewayError: there is no admin key, upstream refuses
 * it, or does not answer as it should.
 */
export async function readReports(
	access: ReportAccess,
	span: ReportSpan,
): Promise<readonly UpstreamPart[]> {
	if (access.credential === null) {
		throw new GatewayError(
			"malformed_request",
			"The gateway has no admin key of Anthropic's, without which nobody sees the organization's reports. Set ANTHROPIC_ADMIN_KEY where the gateway runs (sk-ant-admin…, which an admin of the organization makes in the Console) and start it again.",
		);
	}
	const signal = AbortSignal.timeout(patienceMs);
	const asked = { access, span, signal };
	const [used, cost] = await Promise.all([
		readReport(usageReport, asked),
		readReport(costReport, asked),
	]);
	return [...used, ...cost];
}

interface Asked {
	readonly access: ReportAccess;
	readonly span: ReportSpan;
	readonly signal: AbortSignal;
}

async function readReport<Row extends { workspace_id: string | null }>(
	report: Report<Row>,
	asked: Asked,
): Promise<UpstreamPart[]> {
	const { workspace } = asked.span;
	const parts: UpstreamPart[] = [];
	let page: string | null = null;
	for (let pages = 0; pages < maxPages; pages++) {
		const text = await ask(report, page, asked);
		const read = report.page.safeParse(parse(text));
		if (!read.success) throw invalid(report.path, "it is no such report");
		const { data, has_more: hasMore, next_page: next } = read.data;
		for (const { starting_at: start, results } of data) {
			const day = start.slice(0, "2026-11-22".length);
			for (const row of results) {
				const place = row.workspace_id ?? "default";
				if (workspace !== null && workspace !== place) continue;
				for (const part of report.toParts(row)) parts.push({ ...part, day });
			}
		}
		if (!hasMore) return parts;
		if (next == null)
			throw invalid(report.path, "it says that there is more, and not where");
		page = next;
	}
	throw invalid(report.path, `it has more than ${maxPages} pages`);
}

const invalid = (path: string, why: string) =>
	new GatewayError(
		"upstream_invalid",
		`Upstream's answer to ${path} cannot be read: ${why}.`,
	);

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return null;
		throw error;
	}
}

function toQuery(
	groups: readonly string[],
	page: string | null,
	{ fromMs, untilMs, workspace }: ReportSpan,
): URLSearchParams {
	const query = new URLSearchParams({
		starting_at: toInstant(fromMs),
		ending_at: toInstant(untilMs),
		bucket_width: "1d",
		limit: String(pageDays),
	});
	const by = workspace === null ? groups : [...groups, "workspace_id"];
	for (const group of by) query.append("group_by[]", group);
	if (page !== null) query.set("page", page);
	return query;
}

const toInstant = (ms: number): string =>
	new Date(ms).toISOString().replace(".000Z", "Z");

async function ask<Row>(
	{ path, groups }: Report<Row>,
	page: string | null,
	{ access, span, signal }: Asked,
): Promise<string> {
	const headers: Record<string, string> = {
		"anthropic-version": "2023-06-01",
		"accept-encoding": "identity",
		"user-agent": access.userAgent,
	};
	const { credential } = access;
	if (credential) headers[credential.header] = credential.value;
	try {
		const reply = await access.fetch(
			`${access.url}${path}?${toQuery(groups, page, span)}`,
			{ method: "GET", headers, body: null, signal },
		);
		if (reply.status === 200) return await readText(reply, path);
		await reply.body?.cancel();
		throw toRefusal(reply.status, path, credential?.from ?? "");
	} catch (error) {
		if (error instanceof GatewayError) throw error;
		if (!signal.aborted) throw access.toFailure(error);
		throw new GatewayError(
			"upstream_timeout",
			`Upstream did not give its reports within ${patienceMs / 1000} s. Try again, or ask for fewer days.`,
		);
	}
}

/** What upstream itself says may quote the key, and stays here. */
function toRefusal(status: number, path: string, from: string): GatewayError {
	if (status === 401 || status === 403) {
		return new GatewayError(
			"upstream_invalid",
			`Anthropic refuses the key in the gateway's ${from} for its reports (${status}). They want an admin key of the organization that pays (sk-ant-admin…), not one for calls; an admin makes it in the Console.`,
		);
	}
	const hint = {
		404: " Upstream has no such report: accounts of single persons have none, and nor have other servers than Anthropic's.",
		429: " Too much was asked of it; try again in a minute.",
	}[status];
	return new GatewayError(
		"upstream_invalid",
		`Upstream answers ${path} with ${status}.${hint ?? " Try again later."}`,
	);
}

async function readText(reply: Response, path: string): Promise<string> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of reply.body ?? []) {
		bytes += chunk.length;
		if (bytes > maxPageBytes) {
			throw invalid(path, `a page has more than ${maxPageBytes} bytes`);
		}
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString();
}
