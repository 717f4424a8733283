/**
 * Whatever operators, callers, upstream and the clock do: the counter says of every budget what the ledger has, before and
 * after a restart, and nobody is let in who does not fit (I-05 to I-09, I-13, I-19, I-20).
 */
import { test } from "bun:test";
import fc from "fast-check";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openLimitsRig } from "./limits-rig.ts";
import { finish, openScript, runStep } from "./script-run.ts";
import { type Step, step } from "./script-steps.ts";

/** Small here; a longer run finds more. */
const seed = Number(process.env.TOLLWAY_SCRIPT_SEED ?? 7);
const runs = Number(process.env.TOLLWAY_SCRIPT_RUNS ?? 12);
const length = Number(process.env.TOLLWAY_SCRIPT_LENGTH ?? 70);

const startMs = Date.parse("2026-11-30T23:40:00Z");

const env = {
	TOLLWAY_MAX_BUDGET: "0.5",
	TOLLWAY_BUDGET_DURATION: "1d",
	TOLLWAY_MODEL_LIMITS: JSON.stringify({
		"claude-opus-*": { max_budget: 0.1, budget_duration: "1h" },
	}),
	TOLLWAY_END_USER_BUDGET_ID: "b0",
	// Its midnight is at 18:30 UTC: windows that begin within an hour.
	TOLLWAY_TIMEZONE: "Asia/Kolkata",
};

const play = async (script: Step[], more: Readonly<Record<string, string>>) => {
	const rig = await openLimitsRig({ ...env, ...more }, startMs);
	try {
		const s = await openScript(rig);
		for (const one of script) await runStep(s, one);
		await finish(s);
	} finally {
		await rig.stop();
	}
};

const scripts = (maxLength: number) =>
	fc.array(step, { minLength: 5, maxLength, size: "max" });

const how = { seed, endOnFailure: process.env.TOLLWAY_SCRIPT_SHRINK !== "on" };

test(
	"random scripts",
	async () => {
		const property = fc.asyncProperty(scripts(length), (script) =>
			play(script, {}),
		);
		await fc.assert(property, { ...how, numRuns: runs });
	},
	60_000 + 10_000 * runs,
);

const sharedRuns = Number(process.env.TOLLWAY_SCRIPT_SHARED_RUNS ?? 2);
const sharedLength = Number(process.env.TOLLWAY_SCRIPT_SHARED_LENGTH ?? 40);

test.skipIf(needs.postgres() === null)(
	"random scripts in PostgreSQL",
	async () => {
		const server = await sharePostgres();
		let databases = 0;
		const property = fc.asyncProperty(scripts(sharedLength), async (script) => {
			databases += 1;
			const name = `script_${process.pid}_${databases}`;
			await play(script, { DATABASE_URL: await server.createDatabase(name) });
		});
		await fc.assert(property, { ...how, numRuns: sharedRuns });
	},
	60_000 + 30_000 * sharedRuns,
);
