/** The command line: a table of commands, and what becomes of mistakes. */
import { Command, CommanderError, Option } from "commander";
import { runDemo } from "./demo.ts";
import { examine } from "./doctor.ts";
import type { LoadOptions } from "./load-options.ts";
import { printPrices } from "./prices.ts";
import { printConfig, toManual } from "./print-config.ts";
import { escapeControls, quote, redactKeys } from "./safe-text.ts";
import { serve } from "./serve.ts";
import { settings } from "./settings.ts";
import { editDistance } from "./typos.ts";
import { printVersion, toVersionLine } from "./version.ts";
import { exitCodes, type World } from "./world.ts";

/** A mistake in how the command was called, as a sentence without its full stop. */
class UsageError extends Error {}

/** What commander collects; every command knows some of them. */
interface Given {
	readonly host?: string;
	readonly port?: string;
	readonly envFile?: string;
	readonly insecureNoAuth?: boolean;
	readonly config?: string | true;
	readonly json?: boolean;
	readonly keep?: boolean;
	readonly model?: string;
}

/** A flag's value is checked like the variable's, but a mistake in it is one of usage. */
function checked(key: "host" | "port") {
	const setting = settings[key];
	return (text: string): string => {
		const read = setting.type.safeParse(text);
		if (read.success) return text;
		throw new UsageError(
			`${setting.flag} is ${quote(text)}; ${read.error.issues[0]?.message}`,
		);
	};
}

const optionTable = {
	host: () =>
		new Option("--host <address>", "address to listen on").argParser(
			checked("host"),
		),
	port: () =>
		new Option(
			"--port <number>",
			"port to listen on; 0 takes any free one",
		).argParser(checked("port")),
	envFile: () =>
		new Option("--env-file <path>", "read more variables from this file"),
	insecureNoAuth: () =>
		new Option(
			"--insecure-no-auth",
			"listen beyond this machine without a master key",
		),
	config: () => new Option("-c, --config [path]").hideHelp(),
	json: () => new Option("--json", "machine-readable output"),
	keep: () => new Option("--keep", "stay open after the calls, in a pipe too"),
} as const satisfies Record<string, () => Option>;

type OptionName = keyof typeof optionTable;

interface CommandRow {
	readonly name: string;
	readonly about: string;
	readonly options: readonly OptionName[];
	/** What may stand behind the name; arrives under it. */
	readonly argument?: "model";
	/** Lists the settings below its help. */
	readonly manual?: true;
	run(world: World, given: Given): number | Promise<number>;
}

const loading = ["host", "port", "envFile", "insecureNoAuth"] as const;

function toLoadOptions(given: Given): LoadOptions {
	const { host, port, envFile, insecureNoAuth } = given;
	return {
		flags: {
			...(host === undefined ? {} : { host }),
			...(port === undefined ? {} : { port }),
			...(insecureNoAuth ? { insecureNoAuth: "true" } : {}),
		},
		...(envFile === undefined ? {} : { envFile }),
	};
}

function refuseConfigFile({ config }: Given): void {
	if (config === undefined) return;
	throw new UsageError(
		"there is no configuration file, only environment variables: from LiteLLM's file take master_key as LITELLM_MASTER_KEY, database_url as DATABASE_URL, and the model's api_key and api_base as ANTHROPIC_API_KEY and ANTHROPIC_API_BASE; `tollway config` lists all settings",
	);
}

const commands: readonly CommandRow[] = [
	{
		name: "serve",
		about: "run the gateway (the default)",
		options: [...loading, "config"],
		manual: true,
		run(world, given) {
			refuseConfigFile(given);
			return serve(world, toLoadOptions(given));
		},
	},
	{
		name: "demo",
		about: "run it in front of a simulated Anthropic: no key, no cost",
		options: ["keep"],
		run: (world, { keep }) => runDemo(world, { keep: keep === true }),
	},
	{
		name: "config",
		about: "show every setting, its value and where it came from",
		options: [...loading, "json"],
		manual: true,
		run: (world, given) =>
			printConfig(world, {
				...toLoadOptions(given),
				json: given.json === true,
			}),
	},
	{
		name: "doctor",
		about: "check upstream, key, port, data folder, clock and limits",
		options: [...loading, "json"],
		run: (world, given) =>
			examine(world, { ...toLoadOptions(given), json: given.json === true }),
	},
	{
		name: "prices",
		about: "show what calls cost now, why, and what will change",
		options: ["envFile", "json"],
		argument: "model",
		run: (world, given) =>
			printPrices(world, {
				...toLoadOptions(given),
				json: given.json === true,
				...(given.model === undefined ? {} : { model: given.model }),
			}),
	},
	{
		name: "version",
		about: "print version, commit and runtime",
		options: ["json"],
		run(world, { json }) {
			printVersion(world, json === true);
			return exitCodes.ok;
		},
	},
];

const helpColumns = 80;

function openProgram(world: World, finish: (code: number) => void): Command {
	const { stdout, stderr } = world;
	const columns = () => stdout.columns ?? helpColumns;
	const program = new Command("tollway")
		.description("A pass-through gateway for the Anthropic API.")
		.version(toVersionLine(world.build), "-v, --version", "print the version")
		.helpOption("-h, --help", "show this help")
		.helpCommand("help [command]", "show a command's help")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => stdout.write(text),
			writeErr: (text) => stderr.write(text),
			// Mistakes are printed in one place, as one sentence.
			outputError: () => {},
			getOutHelpWidth: columns,
			getErrHelpWidth: columns,
		})
		.addHelpText(
			"after",
			"\nSettings are environment variables: `tollway serve --help` explains them,\n`tollway config` shows what is in force.",
		);
	for (const row of commands) {
		const command = program
			.command(row.name, { isDefault: row.name === "serve" })
			.description(`${row.about[0]?.toUpperCase()}${row.about.slice(1)}.`)
			.summary(row.about);
		for (const name of row.options) command.addOption(optionTable[name]());
		if (row.manual) {
			command.addHelpText("after", () => `\n${toManual(columns())}`);
		}
		if (row.argument) command.argument(`[${row.argument}]`);
		command.action(async () => {
			const [word] = command.args;
			const named = row.argument && word ? { [row.argument]: word } : {};
			finish(await row.run(world, { ...command.opts<Given>(), ...named }));
		});
	}
	return program;
}

/** The default command would call a misspelt command an argument too many. */
function refuseUnknownCommand(name: string | undefined): void {
	if (name === undefined || name.startsWith("-") || name === "help") return;
	if (commands.some((row) => row.name === name)) return;
	const near = commands.find((row) => editDistance(row.name, name, 2) <= 2);
	const hint = near ? `; did you mean ${near.name}?` : "";
	throw new UsageError(`unknown command '${name}'${hint}`);
}

/** Commander's wording, as one sentence. */
function toSentence(message: string): string {
	const line = message
		.replace(/^error: /, "")
		.replace(/\s*\(Did you mean (.*)\?\)\s*$/s, "; did you mean $1?")
		.replace(/\s*\n\s*/g, " ")
		.trim();
	const end = /[?.]$/.test(line) ? "" : ".";
	return `${redactKeys(escapeControls(line))}${end} See tollway --help.`;
}

/**
 * Runs a command line (without the program's name) and resolves with the exit code: 0, 1 for a failure, 2 for a mistake
 * in the command line, 78 for one in the configuration. Results go to stdout, all else to stderr.
 */
export async function runProgram(
	argv: readonly string[],
	world: World,
): Promise<number> {
	let code: number = exitCodes.ok;
	const program = openProgram(world, (finished) => {
		code = finished;
	});
	try {
		refuseUnknownCommand(argv[0]);
		await program.parseAsync([...argv], { from: "user" });
		return code;
	} catch (error) {
		// Help and version end that way, too.
		if (error instanceof CommanderError && error.exitCode === 0) {
			return exitCodes.ok;
		}
		if (error instanceof CommanderError || error instanceof UsageError) {
			world.stderr.write(`tollway: ${toSentence(error.message)}\n`);
			return exitCodes.usage;
		}
		throw error;
	}
}
