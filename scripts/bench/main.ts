/**
 * `bun run bench`: Tollway, a bare relay on Bun and nginx, in one run in front of one cheap upstream. Gateways have
 * core 0; the load (wrk) and the upstream have core 1. Linux. `--quick` for a look, `--json` for programs (a pipe does
 * that by itself), `--self-check` for the bare relay against itself. Exit code 1 when a target was missed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../project.ts";
import { say } from "../say.ts";
import {
	bare,
	type Gateway,
	nginx,
	type Running,
	start,
	tollway,
} from "./gateways.ts";
import { openLoad } from "./load.ts";
import { type Measured, measure, toMedian } from "./measure.ts";
import { judge, type Row, toSentence, toTable } from "./report.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

const gatewayCore = 0;
const loadCore = 1;
const paces = {
	full: { rounds: 5, warmSeconds: 2, seconds: 3 },
	quick: { rounds: 2, warmSeconds: 1, seconds: 1 },
};

process.chdir(projectRoot);
const { values } = parseArgs({
	options: {
		quick: { type: "boolean" },
		json: { type: "boolean" },
		"self-check": { type: "boolean" },
	},
});
const pace = values.quick ? paces.quick : paces.full;
const subject: Gateway = values["self-check"]
	? { ...bare, name: "bare again" }
	: tollway;
const contestants = [bare, subject, nginx].filter(
	({ name }) => name !== "nginx" || has("nginx"),
);

const missing = ["taskset", "wrk"].filter((tool) => !has(tool));
if (missing.length > 0 || availableParallelism() < 2) {
	say(
		`SKIPPED the benchmark: it needs Linux, two cores and ${missing.join(", ") || "no other program"} (Debian: apt-get install wrk util-linux)`,
	);
	process.exit(0);
}
if (contestants.length < 3)
	say("SKIPPED nginx: it is not installed (Debian: apt-get install nginx)");

const rows = await run();
const verdicts = judge(rows, scenarios, subject.name);
if (values.json || !process.stdout.isTTY)
	console.log(JSON.stringify({ pace, rows, verdicts }, null, "\t"));
else console.log(`${toTable(rows)}\n\n${verdicts.map(toSentence).join("\n")}`);
process.exit(verdicts.every(({ passed }) => passed) ? 0 : 1);

async function run() {
	const folder = mkdtempSync(join(tmpdir(), "tollway-bench-"));
	const running: Running[] = [];
	const core = ["taskset", "-c", String(loadCore)];
	const upstream = Bun.spawn(
		[...core, process.execPath, "scripts/bench/upstream.ts"],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const cleanUp = async () => {
		upstream.kill();
		await Promise.all([upstream.exited, ...running.map(({ stop }) => stop())]);
		rmSync(folder, { recursive: true, force: true });
	};
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.once(signal, () => cleanUp().then(() => process.exit(130)));
	try {
		const upstreamPort = await readPort(upstream.stdout);
		for (const gateway of contestants) {
			say(`starting ${gateway.name} …`);
			await gateway.prepare(folder);
			running.push(
				await start(gateway, { folder, upstreamPort, core: gatewayCore }),
			);
		}
		await checkReplies(running, `http://127.0.0.1:${upstreamPort}`);
		return await runRounds(running, folder);
	} finally {
		await cleanUp();
	}
}

/** A, B, C, A, B, C …: what else the machine does falls on all alike. */
async function runRounds(
	running: readonly Running[],
	folder: string,
): Promise<Row[]> {
	const total = scenarios.length * pace.rounds * running.length;
	const runs = new Map<string, Measured[]>();
	let step = 0;
	for (const scenario of scenarios) {
		const load = await openLoad(scenario, { folder, core: loadCore });
		for (let round = 1; round <= pace.rounds; round++)
			for (const gateway of running) {
				const measured = await measure(gateway, load, pace);
				const key = toKey(scenario, gateway);
				runs.set(key, [...(runs.get(key) ?? []), measured]);
				step += 1;
				const { cpuMicros, p50Micros } = measured;
				say(
					`[${step}/${total}] ${key}: ${cpuMicros.toFixed(1)} µs CPU, p50 ${p50Micros.toFixed(0)} µs`,
				);
			}
	}
	return scenarios.flatMap((scenario) =>
		running.map((gateway) => ({
			scenario: scenario.name,
			gateway: gateway.name,
			...toMedian(runs.get(toKey(scenario, gateway)) ?? []),
		})),
	);
}

/** Before anything is measured: every gateway gives what the upstream gives, byte for byte. */
async function checkReplies(running: readonly Running[], upstreamUrl: string) {
	for (const { path, body, name } of scenarios) {
		const ask = async (url: string) =>
			(
				await fetch(url + path, {
					method: "POST",
					body,
					headers: { "content-type": "application/json" },
				})
			).text();
		const wanted = await ask(upstreamUrl);
		for (const gateway of running)
			if ((await ask(gateway.url)) !== wanted)
				throw new Error(`${gateway.name} changed the reply of ${name}`);
	}
}

function toKey(scenario: Scenario, gateway: Running) {
	return `${scenario.name}, ${gateway.name}`;
}

async function readPort(stdout: ReadableStream<Uint8Array>) {
	for await (const bytes of stdout)
		return Number(new TextDecoder().decode(bytes));
	throw new Error("the upstream did not start");
}

function has(tool: string) {
	return Bun.which(tool, { PATH: `${process.env.PATH}:/usr/sbin` }) !== null;
}
