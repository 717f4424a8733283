/**
 * `bun run bench`: Tollway as it commits at once and as it waits for the disk, a bare relay on Bun and nginx, in one run in
 * front of one cheap upstream. Tollway begins with a million Entries (`--entries N`), made for the run or brought along
 * (`--database <file>` of `bun run prefill`; it is copied). Gateways have core 0; the load and the upstream have core 1.
 * Linux. `--quick` for a look, `--json` for programs (a pipe does that by itself), `--self-check` for the bare relay against
 * itself. Exit code 1 when a target was missed.
 */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../project.ts";
import { say } from "../say.ts";
import { findLedger } from "./database.ts";
import { measureSync } from "./disk.ts";
import { measureLoops } from "./event-loop.ts";
import { bare, type Gateway, nginx, start, toTollway } from "./gateways.ts";
import { judge, type Results, toFacts, toSentence, toTable } from "./report.ts";
import { checkReplies, runRounds } from "./rounds.ts";
import { scenarios } from "./scenarios.ts";
import { openStage, type Stage } from "./stage.ts";

const gatewayCore = 0;
const loadCore = 1;
const paces = {
	full: {
		entries: 1_000_000,
		rounds: { rounds: 5, firstSeconds: 10, warmSeconds: 2, seconds: 3 },
		loops: { rounds: 3, warmSeconds: 10, seconds: 20 },
	},
	quick: {
		entries: 30_000,
		rounds: { rounds: 2, firstSeconds: 2, warmSeconds: 1, seconds: 1 },
		loops: { rounds: 1, warmSeconds: 2, seconds: 3 },
	},
};

const { values } = parseArgs({
	options: {
		quick: { type: "boolean" },
		json: { type: "boolean" },
		"self-check": { type: "boolean" },
		entries: { type: "string" },
		database: { type: "string" },
	},
});
const pace = values.quick ? paces.quick : paces.full;
const entries = Number(values.entries ?? pace.entries);
if (!Number.isSafeInteger(entries) || entries < 1) {
	say("--entries is a whole number.");
	process.exit(2);
}
const database =
	values.database === undefined ? null : resolve(values.database);
process.chdir(projectRoot);

const subjects: readonly Gateway[] = values["self-check"]
	? [{ ...bare, name: "bare again", durability: "interval" }]
	: [toTollway("interval"), toTollway("always")];
const contestants = [bare, ...subjects, ...(has("nginx") ? [nginx] : [])];

const missing = ["taskset", "wrk"].filter((tool) => !has(tool));
if (missing.length > 0 || availableParallelism() < 2) {
	say(
		`SKIPPED the benchmark: it needs Linux, two cores and ${missing.join(", ") || "no other program"} (Debian: apt-get install wrk util-linux)`,
	);
	process.exit(0);
}
if (!contestants.includes(nginx))
	say("SKIPPED nginx: it is not installed (Debian: apt-get install nginx)");

const results = await run();
const verdicts = judge(results, scenarios, contestants);
if (values.json || !process.stdout.isTTY)
	console.log(JSON.stringify({ pace, ...results, verdicts }, null, "\t"));
else
	console.log(
		`${toTable(results.rows)}\n\n${[...toFacts(results), "", ...verdicts.map(toSentence)].join("\n")}`,
	);
process.exit(verdicts.every(({ passed }) => passed !== false) ? 0 : 1);

async function run(): Promise<Results> {
	const stage = await openStage(loadCore);
	try {
		return await measureAll(stage);
	} finally {
		await stage.close();
	}
}

async function measureAll(stage: Stage): Promise<Results> {
	const { folder, upstreamPort } = stage;
	const syncMicros = measureSync(folder);
	const ledger = await findLedger(folder, { path: database, entries });
	const running = [];
	for (const gateway of contestants) {
		say(`starting ${gateway.name} …`);
		await gateway.prepare(folder, ledger.path);
		const place = { folder, upstreamPort, core: gatewayCore };
		const started = await start(gateway, place);
		stage.onClose(started.stop);
		running.push(started);
	}
	await checkReplies(running, `http://127.0.0.1:${upstreamPort}`);
	const rows = await runRounds(running, {
		folder,
		core: loadCore,
		pace: pace.rounds,
	});
	const loops = await measureLoops(
		// nginx has no event loop of JavaScript, and nothing at /healthz.
		running.filter(({ name }) => name !== nginx.name),
		{ core: loadCore, pace: pace.loops },
	);
	return { rows, loops, ledger: ledger.size, syncMicros };
}

function has(tool: string) {
	return Bun.which(tool, { PATH: `${process.env.PATH}:/usr/sbin` }) !== null;
}
