/**
 * `bun scripts/crash/main.ts --kills N | --power-cuts N | --disconnects N`: that no fault takes an Entry off the ledger whose
 * call's end a client has seen. Several may be asked for. Exit code 1 when anything was missed, 2 for a wrong call.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { projectRoot } from "../project.ts";
import { say } from "../say.ts";
import { type Figure, isMissed, toNone } from "../soak/figure.ts";
import { type Row, toJsonLine, toTable } from "../soak/print.ts";
import type { CrashContext } from "./context.ts";
import { crashes, isDurability } from "./crashes.ts";

const names = Object.keys(crashes) as (keyof typeof crashes)[];
const usage = `Usage: bun scripts/crash/main.ts ${names.map((name) => `[--${name} N]`).join(" ")} [--seed N] [--durability always|interval|off] [--command "…"]`;
const executable = `${projectRoot}/dist/tollway`;

interface Wanted {
	readonly jobs: readonly { name: keyof typeof crashes; count: number }[];
	readonly context: Pick<CrashContext, "command" | "seed" | "durability">;
}

function readArguments(): Wanted {
	const { values } = parseArgs({
		options: {
			kills: { type: "string" },
			"power-cuts": { type: "string" },
			disconnects: { type: "string" },
			seed: { type: "string", default: "1" },
			durability: { type: "string", default: "always" },
			command: { type: "string", default: executable },
		},
	});
	const asked = names.flatMap((name) => {
		const text = values[name];
		return text === undefined ? [] : [{ name, count: toWhole(name, text) }];
	});
	const seed = toWhole("seed", values.seed);
	const { durability, command } = values;
	if (!isDurability(durability))
		throw new Error("--durability is always, interval or off.");
	if (command === executable && !existsSync(executable))
		throw new Error("There is no dist/tollway yet: bun run build");
	return {
		jobs: asked.length > 0 ? asked : [{ name: "kills", count: 1_000 }],
		context: { command: command.split(" "), seed, durability },
	};
}

function toWhole(name: string, text: string): number {
	if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is a whole number.`);
	return Number(text);
}

async function runJob(
	{ name, count }: Wanted["jobs"][number],
	context: CrashContext,
): Promise<Row[]> {
	const toRow = (figure: Figure): Row => ({ soak: name, figure });
	try {
		return (await crashes[name](context, count)).map(toRow);
	} catch (error) {
		say(`${name} broke off: ${error instanceof Error ? error.stack : error}`);
		return [toRow(toNone("broke off", 1))];
	}
}

async function main(): Promise<number> {
	const { jobs, context } = readArguments();
	const stop = new AbortController();
	process.once("SIGINT", () => stop.abort("Ctrl-C"));
	process.once("SIGTERM", () => stop.abort("SIGTERM"));
	const rows: Row[] = [];
	for (const job of jobs) {
		const started = performance.now();
		const { signal } = stop;
		const progress = openProgress(job.name);
		const found = await runJob(job, { ...context, signal, progress, say });
		const seconds = (performance.now() - started) / 1_000;
		found.push({
			soak: job.name,
			figure: { name: "took", value: seconds, unit: "s" },
		});
		rows.push(...found);
		if (!process.stdout.isTTY)
			for (const row of found) console.log(toJsonLine(row));
	}
	if (process.stdout.isTTY) console.log(`\n${toTable(rows)}`);
	const missed = rows.filter(({ figure }) => isMissed(figure)).length;
	if (missed > 0) say(`${missed} of ${rows.length} figures miss their bound.`);
	return missed > 0 || stop.signal.aborted ? 1 : 0;
}

const progressEveryMs = 5_000;

function openProgress(name: string): (text: string) => void {
	let lastMs = performance.now();
	return (text) => {
		if (performance.now() - lastMs < progressEveryMs) return;
		lastMs = performance.now();
		say(`${name}: ${text}`);
	};
}

try {
	process.exit(await main());
} catch (error) {
	say(`${error instanceof Error ? error.message : error}\n${usage}`);
	process.exit(2);
}
