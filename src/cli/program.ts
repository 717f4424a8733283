/** The command line: the table of commands, and what becomes of mistakes. */
import { Command, CommanderError } from "commander";
import { type Given, optionTable } from "./command-options.ts";
import type { CommandGroup, CommandRow } from "./command-row.ts";
import { commands } from "./commands.ts";
import { toManual } from "./print-config.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import { editDistance } from "./typos.ts";
import { UsageError } from "./usage-error.ts";
import { toVersionLine } from "./version.ts";
import { exitCodes, type World } from "./world.ts";

const helpColumns = 80;

interface Run {
	readonly world: World;
	readonly columns: () => number;
	readonly finish: (code: number) => void;
}

function openProgram(run: Run): Command {
	const { stdout, stderr, build } = run.world;
	const program = new Command("tollway")
		.description("A pass-through gateway for the Anthropic API.")
		.version(toVersionLine(build), "-v, --version", "print the version")
		.helpOption("-h, --help", "show this help")
		.helpCommand("help [command]", "show a command's help")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => stdout.write(text),
			writeErr: (text) => stderr.write(text),
			// Mistakes are printed in one place, as one sentence.
			outputError: () => {},
			getOutHelpWidth: run.columns,
			getErrHelpWidth: run.columns,
		})
		.addHelpText(
			"after",
			"\nSettings are environment variables: `tollway serve --help` explains them,\n`tollway config` shows what is in force.",
		);
	for (const row of commands) {
		if ("commands" in row) addGroup(program, row, run);
		else addCommand(program, row, run);
	}
	return program;
}

function addGroup(program: Command, row: CommandGroup, run: Run): void {
	const group = open(program, row).addHelpText("after", `\n${row.more}`);
	for (const command of row.commands) addCommand(group, command, run);
}

function addCommand(parent: Command, row: CommandRow, run: Run): void {
	const command = open(parent, row);
	for (const name of row.options) command.addOption(optionTable[name]());
	if (row.manual) {
		command.addHelpText("after", () => `\n${toManual(run.columns())}`);
	}
	if (row.more) command.addHelpText("after", `\n${row.more}`);
	if (row.argument) command.argument(row.argument);
	command.action(async () => {
		const [word] = command.args;
		const given = { ...command.opts<Given>(), ...(word && { argument: word }) };
		run.finish(await row.run(run.world, given));
	});
}

const open = (parent: Command, { name, about }: CommandRow | CommandGroup) =>
	parent
		.command(name, { isDefault: name === "serve" })
		.description(`${about[0]?.toUpperCase()}${about.slice(1)}.`)
		.summary(about);

/** The default command would call a misspelt command an argument too many. */
function refuseUnknownCommand(name: string | undefined): void {
	if (name === undefined || name.startsWith("-") || name === "help") return;
	if (commands.some((row) => row.name === name)) return;
	const near = commands.find((row) => editDistance(row.name, name, 2) <= 2);
	const hint = near ? `; did you mean ${near.name}?` : "";
	throw new UsageError(`unknown command '${name}'${hint}`);
}

/** Commander's wording, as one sentence. Arguments too many may be keys, and are not repeated. */
function toSentence(message: string, help: string): string {
	const line = message
		.replace(/^error: /, "")
		.replace(/\s*\(Did you mean (.*)\?\)\s*$/s, "; did you mean $1?")
		.replace(/( but got \d+): .*$/s, "$1")
		.replace(/\s*\n\s*/g, " ")
		.trim();
	const end = /[?.]$/.test(line) ? "" : ".";
	return `${redactKeys(escapeControls(line))}${end} See ${help}.`;
}

/** Of a command in a group the group's. */
function toHelp([name]: readonly string[]): string {
	const row = commands.find((one) => one.name === name);
	return row && "commands" in row
		? `tollway ${row.name} --help`
		: "tollway --help";
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
	const program = openProgram({
		world,
		columns: () => world.stdout.columns ?? helpColumns,
		finish: (finished) => {
			code = finished;
		},
	});
	try {
		refuseUnknownCommand(argv[0]);
		await program.parseAsync([...argv], { from: "user" });
		return code;
	} catch (error) {
		if (error instanceof CommanderError) {
			// Help and version end that way, too.
			if (error.exitCode === 0) return exitCodes.ok;
			// A group without a command: its help was printed.
			if (error.code === "commander.help") return exitCodes.usage;
		}
		if (error instanceof CommanderError || error instanceof UsageError) {
			const sentence = toSentence(error.message, toHelp(argv));
			world.stderr.write(`tollway: ${sentence}\n`);
			return exitCodes.usage;
		}
		throw error;
	}
}
