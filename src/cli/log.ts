/**
 * The two logs: one line per call on stdout, diagnostics on stderr. Every room takes its logger from LogTape
 * (`getLogger(["tollway", "<room>"])`); here is decided what becomes of the records.
 */
import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import { type CallFields, openCallLines, toClockTime } from "./call-line.ts";
import type { Config } from "./config.ts";
import { openLineWriter } from "./line-writer.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import { type Look, type Style, toLook, toPaint } from "./terminal.ts";
import type { World } from "./world.ts";

export interface Log {
	readonly onCall: (call: CallFields) => void;
	/** Everything accepted has been written, unless a reader stalls. */
	close(): Promise<void>;
}

const textMaxCharacters = 4_096;

function toText(value: unknown): string {
	if (typeof value === "string") return value;
	if (value instanceof Error) {
		const { code } = value as { code?: unknown };
		const name =
			typeof code === "string" ? `${value.name} ${code}` : value.name;
		return `${name}: ${value.message}`;
	}
	return typeof value === "object" && value !== null
		? (JSON.stringify(value, toJsonValue) ?? "")
		: String(value);
}

/** JSON has neither bigint nor Error. */
function toJsonValue(_: string, value: unknown): unknown {
	if (typeof value === "bigint") return value.toString();
	return value instanceof Error ? toText(value) : value;
}

const toMessage = ({ message }: LogRecord) =>
	message.map(toText).join("").slice(0, textMaxCharacters);

function toJsonDiagnostic(record: LogRecord): string {
	const { timestamp, level, category, properties } = record;
	const line = JSON.stringify(
		{
			event: "log",
			time: new Date(timestamp).toISOString(),
			level,
			logger: category.join("."),
			message: toMessage(record),
			...(Object.keys(properties).length > 0 ? { properties } : {}),
		},
		toJsonValue,
	);
	return redactKeys(escapeControls(line));
}

const levelStyles: Readonly<Record<string, Style>> = {
	debug: "dim",
	info: "blue",
	warning: "yellow",
	error: "red",
	fatal: "red",
};

function toPrettyDiagnostic(record: LogRecord, color: boolean): string {
	const paint = toPaint(color);
	const { level, timestamp, properties, rawMessage } = record;
	const safe = (text: string) => redactKeys(escapeControls(text));
	const details = Object.entries(properties)
		// What the message's template names has been said.
		.filter(([name]) => !String(rawMessage).includes(`{${name}}`))
		.map(([name, value]) =>
			paint(
				"dim",
				safe(`${name}=${toText(value).slice(0, textMaxCharacters)}`),
			),
		);
	return [
		paint("dim", toClockTime(timestamp)),
		paint(levelStyles[level] ?? "reset", level.padEnd(7)),
		safe(toMessage(record)),
		...details,
	].join(" ");
}

/** A record as one line; keys are masked last, whoever logged them. */
export function toDiagnosticLine(record: LogRecord, look: Look): string {
	return look.pretty
		? toPrettyDiagnostic(record, look.color)
		: toJsonDiagnostic(record);
}

function toLossLine(look: Look): (lost: number) => string {
	return (lost) =>
		look.pretty
			? `… ${lost} lines lost: nobody read them in time`
			: `{"event":"lines_lost","lines":${lost}}`;
}

/** Of those who try keys a minute has one line (gateway/guesses). */
const isTold = ({ end }: CallFields) => end !== "refused:guessing";

/** LogTape's configuration is the process's own: one log at a time. */
export function openLog(
	config: Config["log"],
	{ stdout, stderr, env }: Pick<World, "stdout" | "stderr" | "env">,
): Log {
	const callLook = toLook(config, stdout, env);
	const look = toLook(config, stderr, env);
	const calls = openLineWriter(stdout, {
		toLine: openCallLines(callLook),
		toLossLine: toLossLine(callLook),
	});
	const diagnostics = openLineWriter(stderr, {
		toLine: (line: string) => line,
		toLossLine: toLossLine(look),
	});
	// Made into text at once: what it tells of may change.
	const sink = (record: LogRecord) =>
		diagnostics.write(toDiagnosticLine(record, look));
	configureSync({
		reset: true,
		sinks: { stderr: sink },
		loggers: [
			{
				category: ["tollway"],
				lowestLevel: config.level,
				sinks: ["stderr"],
			},
			{
				category: ["logtape", "meta"],
				lowestLevel: "warning",
				sinks: ["stderr"],
			},
		],
	});
	const quiet = config.level === "warning" || config.level === "error";
	return {
		onCall: quiet ? () => {} : (call) => isTold(call) && calls.write(call),
		async close() {
			await Promise.all([calls.close(), diagnostics.close()]);
			resetSync();
		},
	};
}
