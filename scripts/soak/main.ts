/**
 * `bun scripts/soak/main.ts [name…] [--quick] [--seed N] [--command "…"]`: what must hold under load and over time.
 * Gateway, upstream and client are processes of their own. Exit code 1 when a bound was missed, 2 for a wrong call.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { projectRoot } from "../project.ts";
import { say } from "../say.ts";
import { isMissed, type SoakContext, toNone } from "./figure.ts";
import { type Row, toJsonLine, toTable } from "./print.ts";
import { hasProc } from "./processes.ts";
import { type Form, isSoakName, type SoakName, soaks } from "./soaks.ts";

const usage = `Usage: bun scripts/soak/main.ts [${Object.keys(soaks).join("|")} …] [--quick] [--seed N] [--command "…"]`;
const executable = `${projectRoot}/dist/tollway`;

interface Wanted {
	readonly names: readonly SoakName[];
	readonly form: Form;
	readonly command: readonly string[];
	readonly seed: number;
}

function readArguments(): Wanted {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			quick: { type: "boolean", default: false },
			seed: { type: "string", default: "1" },
			command: { type: "string", default: executable },
		},
	});
	const unknown = positionals.find((name) => !isSoakName(name));
	if (unknown !== undefined) throw new Error(`There is no soak "${unknown}".`);
	if (!/^\d+$/.test(values.seed)) throw new Error("--seed is a whole number.");
	if (values.command === executable && !existsSync(executable))
		throw new Error("There is no dist/tollway yet: bun run build");
	const all = Object.keys(soaks).filter(isSoakName);
	return {
		names: positionals.length > 0 ? positionals.filter(isSoakName) : all,
		form: values.quick ? "quick" : "full",
		command: values.command.split(" "),
		seed: Number(values.seed),
	};
}

/** Ctrl-C and the soak's own limit end its processes, and with them the soak. */
async function runSoak(
	name: SoakName,
	wanted: Wanted,
	stop: AbortSignal,
): Promise<Row[]> {
	const { limitMs, run, about } = soaks[name];
	const progress = (text: string) => {
		if (process.stdout.isTTY) say(`${name}: ${text}`);
	};
	progress(about);
	const signal = AbortSignal.any([stop, AbortSignal.timeout(limitMs)]);
	const context: SoakContext = {
		command: wanted.command,
		seed: wanted.seed,
		progress,
		signal,
	};
	try {
		const figures = await run(context, wanted.form);
		signal.throwIfAborted(); // what was measured of a gateway that we have killed means nothing
		return figures.map((figure) => ({ soak: name, figure }));
	} catch (error) {
		say(
			`${name} broke off: ${toReason(signal.aborted ? signal.reason : error)}`,
		);
		return [
			{
				soak: name,
				figure: toNone("broke off", 1),
			},
		];
	}
}

const toReason = (error: unknown) =>
	error instanceof Error ? error.message : String(error);

async function main(): Promise<number> {
	const wanted = readArguments();
	const stop = new AbortController();
	process.once("SIGINT", () => stop.abort("Ctrl-C"));
	process.once("SIGTERM", () => stop.abort("SIGTERM"));
	const rows: Row[] = [];
	for (const name of wanted.names) {
		if (stop.signal.aborted) break;
		const found = await runSoak(name, wanted, stop.signal);
		rows.push(...found);
		if (!process.stdout.isTTY)
			for (const row of found) console.log(toJsonLine(row));
	}
	if (process.stdout.isTTY) console.log(`\n${toTable(rows)}`);
	const missed = rows.filter(({ figure }) => isMissed(figure)).length;
	if (missed > 0) say(`${missed} of ${rows.length} figures miss their bound.`);
	return missed > 0 || stop.signal.aborted ? 1 : 0;
}

if (!hasProc) {
	say("The soaks read Linux's /proc; this system has none.");
	process.exit(2);
}
try {
	process.exit(await main());
} catch (error) {
	say(`${toReason(error)}\n${usage}`);
	process.exit(2);
}
