/** The same calls through a gateway on SQLite and one on PostgreSQL: the same rows, and what must hold of any ledger holds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StoredEntry } from "../../src/store/entry-row.ts";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { expectInvariants } from "./ledger-invariants.ts";
import { runStep, type Step, scriptEnv, steps } from "./ledger-scripts.ts";

const server = needs.postgres() && (await sharePostgres());
/** Small here; a longer run finds more. */
const seed = Number(process.env.TOLLWAY_SCRIPT_SEED ?? 7);
const length = Number(process.env.TOLLWAY_SCRIPT_LENGTH ?? 60);
const limitMs = 30_000 + 1_000 * length;

const script = fc.sample(steps, { seed, numRuns: length });

/** Without what differs from one run to the next. */
function toComparable({ hash: _hash, id: _id, ...entry }: StoredEntry) {
	const timed = entry.firstByteMs !== null;
	return { ...entry, startedMs: 0, durationMs: 0, firstByteMs: timed };
}

const readSums = async (rig: LedgerRig) =>
	(
		await rig.read(
			"SELECT dimension, id, model, sum(calls), sum(failures), sum(input), sum(output), sum(cache_write_5m), sum(cache_write_1h), sum(cache_read), sum(web_searches), sum(cost), sum(estimated), sum(unpriced) FROM @rollups GROUP BY dimension, id, model",
		)
	)
		.map((row) => row.map(String).join("|"))
		.sort();

const readCosts = async (rig: LedgerRig) =>
	new Map(
		(
			await rig.read("SELECT hour, dimension, id, model, cost FROM @rollups")
		).map((row) => [row.slice(0, -1).join("|"), BigInt(row.at(-1) ?? 0)]),
	);

describe("a script of calls", () => {
	const rigs: LedgerRig[] = [];
	beforeAll(async () => {
		for (const postgres of server ? [null, server] : [null]) {
			const rig = await openLedgerRig({ postgres, env: scriptEnv });
			rigs.push(rig);
			const run = async (step: Step) => runStep(rig, step);
			for (const step of script) await run(step);
		}
	}, 2 * limitMs);
	afterAll(async () => {
		for (const rig of rigs) await rig.stop();
	});

	test("every call of a known caller has a row, and no other", async () => {
		const known = script.filter((step) => !step.unknown);
		for (const rig of rigs) {
			expect(await rig.entries()).toHaveLength(known.length);
		}
	});

	test("sums, chain, holds, amounts and prices are as they must be", async () => {
		for (const rig of rigs) await expectInvariants(rig);
	});

	test.skipIf(server === null)(
		"SQLite and PostgreSQL have the same rows and the same sums",
		async () => {
			const [file, postgres] = rigs as [LedgerRig, LedgerRig];
			const [inFile, onServer] = [
				(await file.entries()).map(toComparable),
				(await postgres.entries()).map(toComparable),
			];
			expect(onServer).toEqual(inFile);
			expect(await readSums(postgres)).toEqual(await readSums(file));
		},
	);

	test("going on changes no row that is there, and no sum gets less (I-03, I-09)", async () => {
		for (const rig of rigs) {
			const [entries, sums] = [await rig.entries(), await readCosts(rig)];
			const more = script.filter((step) => !step.unknown).slice(0, 10);
			for (const step of more) await runStep(rig, step);
			const after = await rig.waitForEntries(entries.length + more.length);
			expect(after.slice(0, entries.length)).toEqual(entries);
			const costs = await readCosts(rig);
			for (const [name, cost] of sums) {
				expect(costs.get(name) ?? -1n).toBeGreaterThanOrEqual(cost);
			}
			await expectInvariants(rig);
		}
	}, 60_000);
});

test(
	"a stream cut at any bytes is the same call (I-11)",
	async () => {
		const rig = await openLedgerRig({ env: scriptEnv });
		const splits = [{ bytes: 1 }, { bytes: 7 }, { seed: 1 }, { seed: 2 }];
		for (const scenario of ["cache_mix", "advisor", "fallback_mid_output"]) {
			for (const split of [undefined, ...splits]) {
				const script = split ? { scenario, split } : { scenario };
				await runStep(rig, { body: { stream: true }, script });
			}
			const rows = await rig.entries();
			const [first, ...others] = rows
				.slice(-1 - splits.length)
				.map(toComparable)
				.map((row) => ({ ...row, seq: 0, upstreamRequestId: null }));
			expect(first?.state).toBe("exact");
			for (const other of others) expect(other).toEqual(first as typeof other);
		}
		await rig.stop();
	},
	limitMs,
);
