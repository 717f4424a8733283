/** What must hold of any ledger at rest (threats and faults, §7). */
import { expect } from "bun:test";
import type { Usage } from "../../src/domain/usage.ts";
import { toCost } from "../../src/pricing/cost.ts";
import { firstLink, toLink } from "../../src/store/chain.ts";
import { type StoredEntry, toEntryColumns } from "../../src/store/entry-row.ts";
import type { LedgerRig } from "../ledger-rig.ts";
import { openShipped, toIteration } from "../pricing/usages.ts";

const catalog = openShipped();
const dayMs = 86_400_000;
const hoursPerDay = 24;

const sum = (entries: readonly StoredEntry[]): bigint =>
	entries.reduce(
		(total, { payer, cost }) =>
			total + (payer === "operator" ? (cost ?? 0n) : 0n),
		0n,
	);

/** By how a subject is named in the sums. */
const dimensions: Readonly<
	Record<string, (entry: StoredEntry) => readonly (string | null)[]>
> = {
	global: () => [""],
	key: ({ keyId }) => [keyId],
	customer: ({ endUser }) => [endUser],
	tag: ({ tags }) => tags,
};

function groupBy(
	entries: readonly StoredEntry[],
	name: (entry: StoredEntry) => readonly (string | number | null)[],
): Map<string, bigint> {
	const groups = new Map<string, StoredEntry[]>();
	for (const entry of entries) {
		for (const id of name(entry)) {
			if (id === null) continue;
			groups.set(String(id), [...(groups.get(String(id)) ?? []), entry]);
		}
	}
	return new Map(
		[...groups].map(([id, group]) => [id, sum(group)] as const).sort(),
	);
}

/** I-01: the ledger and its sums agree, by every subject, by model and by day. */
async function expectSums(rig: LedgerRig, entries: readonly StoredEntry[]) {
	const read = async (column: string, where: string) =>
		new Map(
			(
				await rig.read(
					`SELECT ${column}, sum(cost) FROM @rollups WHERE ${where} GROUP BY ${column}`,
				)
			)
				.map(([id, cost]) => [String(id), BigInt(cost ?? 0)] as const)
				.sort(),
		);
	for (const [dimension, name] of Object.entries(dimensions)) {
		const sums = await read("id", `dimension = '${dimension}'`);
		expect([...sums]).toEqual([...groupBy(entries, name)]);
	}
	const toModel = (entry: StoredEntry) => {
		const model = entry.servedModel ?? entry.requestedModel;
		if (model === null) return [""];
		const { price, known } = catalog.find(model, entry.startedMs);
		return [known && price ? price.model : "other"];
	};
	expect([...(await read("model", "dimension = 'global'"))]).toEqual([
		...groupBy(entries, toModel),
	]);
	expect([
		...(await read(`hour / ${hoursPerDay}`, "dimension = 'global'")),
	]).toEqual([
		...groupBy(entries, ({ startedMs }) => [Math.floor(startedMs / dayMs)]),
	]);
}

/** I-17: how much of the sums is an estimate. */
async function expectEstimates(
	rig: LedgerRig,
	entries: readonly StoredEntry[],
) {
	const [[estimated] = []] = await rig.read(
		"SELECT sum(estimated) FROM @rollups WHERE dimension = 'global'",
	);
	const guessed = entries.filter(({ state }) => state === "estimated");
	expect(BigInt(estimated ?? 0)).toBe(sum(guessed));
}

/** I-02, I-07: a call has one row, upstream's names of it are its own, and at rest nothing is held. */
async function expectOnce(rig: LedgerRig, entries: readonly StoredEntry[]) {
	const ids = entries.map(({ id }) => id);
	expect(new Set(ids).size).toBe(ids.length);
	expect(await rig.read("SELECT id FROM @holds")).toEqual([]);
}

/** I-04 */
function expectChains(entries: readonly StoredEntry[]) {
	let last = firstLink;
	for (const { writer, seq, hash, ...entry } of entries) {
		last = toLink(last, writer, JSON.stringify(toEntryColumns(entry)));
		expect([writer, seq, hash]).toEqual([1, last.seq, last.hash]);
	}
}

/** I-08, I-19 */
function expectSane({ state, cost, held, end, price, ...entry }: StoredEntry) {
	expect(cost === null).toBe(state === "unpriced");
	expect((cost ?? 0n) >= 0n && held >= 0n).toBe(true);
	for (const name of [
		"input",
		"output",
		"cacheWrite5m",
		"cacheWrite1h",
		"cacheRead",
		"thinking",
		"webSearches",
	] as const) {
		expect(Number.isSafeInteger(entry[name]) && entry[name] >= 0).toBe(true);
	}
	if (end.startsWith("refused:")) {
		expect([state, Number(cost), price]).toEqual(["exact", 0, null]);
	}
}

const iterationsOf = (entry: StoredEntry): Usage["iterations"] => {
	const { iterations = [] } = JSON.parse(entry.usageRest ?? "{}");
	return (iterations as Record<string, unknown>[]).map((step) => {
		const split = (step.cache_creation ?? {}) as Record<string, number>;
		return toIteration(String(step.type), {
			model: (step.model as string | null) ?? null,
			input: Number(step.input_tokens ?? 0),
			output: Number(step.output_tokens ?? 0),
			cacheRead: Number(step.cache_read_input_tokens ?? 0),
			cacheWrite5m: Number(split.ephemeral_5m_input_tokens ?? 0),
			cacheWrite1h: Number(split.ephemeral_1h_input_tokens ?? 0),
		});
	});
};

/** I-10: what is stored with a row gives its cost again. */
function expectRecomputed(entry: StoredEntry) {
	if (entry.price === null || entry.price.startsWith("held:")) return;
	const usage: Usage = {
		input: entry.input,
		output: entry.output,
		cacheWrite5m: entry.cacheWrite5m,
		cacheWrite1h: entry.cacheWrite1h,
		cacheRead: entry.cacheRead,
		model: entry.servedModel,
		serviceTier: entry.serviceTier,
		inferenceGeo: entry.inferenceGeo,
		speed: entry.speed,
		stopReason: entry.stopReason,
		webSearches: entry.webSearches,
		codeExecutions: 0,
		thinking: entry.thinking,
		iterations: iterationsOf(entry),
	};
	const again = toCost(usage, catalog, {
		atMs: entry.startedMs,
		requestedModel: entry.requestedModel,
	});
	expect([again.nanos, again.price, catalog.version]).toEqual([
		entry.cost,
		entry.price,
		String(entry.catalog),
	]);
}

export async function expectInvariants(rig: LedgerRig): Promise<void> {
	const entries = await rig.entries();
	expectChains(entries);
	await expectOnce(rig, entries);
	await expectSums(rig, entries);
	await expectEstimates(rig, entries);
	for (const entry of entries) {
		expectSane(entry);
		expectRecomputed(entry);
	}
}
