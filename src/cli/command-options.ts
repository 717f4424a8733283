/** What commands can be given on the command line. */
import { Option } from "commander";
import { toDuration, toDurationText } from "../domain/duration.ts";
import type { LoadOptions } from "./load-options.ts";
import { quote } from "./safe-text.ts";
import { settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** What commander collects; every command knows some of them. */
export interface Given {
	readonly host?: string;
	readonly port?: string;
	readonly url?: string;
	readonly envFile?: string;
	readonly insecureNoAuth?: boolean;
	readonly config?: string | true;
	readonly json?: boolean;
	readonly keep?: boolean;
	readonly yes?: boolean;
	readonly alias?: string;
	readonly user?: string;
	readonly team?: string;
	readonly models?: readonly string[];
	readonly tags?: readonly string[];
	readonly budget?: number;
	readonly every?: string;
	readonly rpm?: number;
	readonly tpm?: number;
	readonly parallel?: number;
	readonly expires?: string;
	readonly grace?: string;
	/** Days: `2026-11-22`. */
	readonly since?: string;
	readonly until?: string;
	readonly model?: string;
	readonly workspace?: string;
	/** Cents. */
	readonly tolerance?: string;
	readonly tokenTolerance?: string;
	readonly format?: ReportFormat;
	/** What stood behind the command's name. */
	readonly argument?: string;
	readonly rest?: readonly string[];
}

export const reportFormats = ["table", "json", "prometheus"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** A flag's value is checked like the variable's, but a mistake in it is one of usage. */
function checked(key: "host" | "port" | "gatewayUrl") {
	const setting = settings[key];
	return (text: string): string => {
		const read = setting.type.safeParse(text);
		if (read.success) return text;
		throw new UsageError(
			`${setting.flag} is ${quote(text)}; ${read.error.issues[0]?.message}`,
		);
	};
}

const wrong = (flag: string, text: string, expected: string) =>
	new UsageError(`${flag} is ${quote(text)}; expected ${expected}`);

const readCount = (flag: string) => (text: string) => {
	if (/^\d{1,12}$/.test(text)) return Number(text);
	throw wrong(flag, text, "a whole number such as 60");
};

function readDollars(text: string): number {
	if (/^\d{1,7}(\.\d{1,9})?$/.test(text)) return Number(text);
	throw wrong("--budget", text, "an amount in dollars such as 20 or 2.50");
}

const readList = (flag: string) => (text: string) => {
	const names = text.split(",").map((name) => name.trim());
	if (names.every((name) => name !== "")) return names;
	throw wrong(flag, text, "names with commas between them");
};

const readDuration = (flag: string) => (text: string) => {
	try {
		return toDurationText(toDuration(text));
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new UsageError(`${flag}: ${error.message.replace(/\.$/, "")}`);
	}
};

const readDay = (flag: string) => (text: string) => {
	const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
	const ms = isDay ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
	// Some days there are not: 2026-02-30.
	if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)) {
		return text;
	}
	throw wrong(flag, text, "a day such as 2026-11-22");
};

function readCents(text: string): string {
	if (/^\d{1,9}(\.\d{1,7})?$/.test(text)) return text;
	throw wrong("--tolerance", text, "a number of cents such as 1 or 0.5");
}

function readFormat(text: string): ReportFormat {
	const found = reportFormats.find((name) => name === text);
	if (found) return found;
	throw wrong("--format", text, "table, json or prometheus");
}

export const optionTable = {
	host: () =>
		new Option("--host <address>", "address to listen on").argParser(
			checked("host"),
		),
	port: () =>
		new Option(
			"--port <number>",
			"port to listen on; 0 takes any free one",
		).argParser(checked("port")),
	url: () =>
		new Option(
			"--url <url>",
			"where the gateway is, if not where the settings say (TOLLWAY_URL)",
		).argParser(checked("gatewayUrl")),
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
	yes: () => new Option("-y, --yes", "do not ask"),
	alias: () =>
		new Option("--alias <name>", "what to call it; no two keys share one"),
	user: () => new Option("--user <id>", "whose it is"),
	team: () => new Option("--team <id>", "the team it belongs to"),
	models: () =>
		new Option(
			"--models <names>",
			"what it may call: claude-sonnet-*,claude-haiku-*",
		).argParser(readList("--models")),
	tags: () =>
		new Option("--tags <names>", "what every call of it is tagged").argParser(
			readList("--tags"),
		),
	budget: () =>
		new Option("--budget <dollars>", "what it may spend").argParser(
			readDollars,
		),
	every: () =>
		new Option(
			"--every <time>",
			"the budget begins anew: 1d, 7d, 30d, 1mo",
		).argParser(readDuration("--every")),
	rpm: () =>
		new Option("--rpm <number>", "requests in any minute").argParser(
			readCount("--rpm"),
		),
	tpm: () =>
		new Option("--tpm <number>", "tokens in any minute").argParser(
			readCount("--tpm"),
		),
	parallel: () =>
		new Option("--parallel <number>", "calls at a time").argParser(
			readCount("--parallel"),
		),
	expires: () =>
		new Option("--expires <time>", "how long it works: 90d").argParser(
			readDuration("--expires"),
		),
	grace: () =>
		new Option(
			"--grace <time>",
			"how long the old value works on: 24h",
		).argParser(readDuration("--grace")),
	since: () =>
		new Option("--since <day>", "the first day (UTC): 2026-11-01").argParser(
			readDay("--since"),
		),
	until: () =>
		new Option("--until <day>", "the last day (UTC)").argParser(
			readDay("--until"),
		),
	model: () =>
		new Option("--model <name>", "only of this model, or claude-sonnet-*"),
	workspace: () =>
		new Option(
			"--workspace <id>",
			"only this workspace of the organization: wrkspc_… or default",
		),
	tolerance: () =>
		new Option(
			"--tolerance <cents>",
			"a day's difference up to which a model's cost agrees (1)",
		).argParser(readCents),
	tokenTolerance: () =>
		new Option(
			"--token-tolerance <number>",
			"the same for the tokens of each kind (0)",
		).argParser((text) => String(readCount("--token-tolerance")(text))),
	format: () =>
		new Option(
			"--format <name>",
			"table, json, or prometheus for a textfile collector",
		).argParser(readFormat),
} as const satisfies Record<string, () => Option>;

export type OptionName = keyof typeof optionTable;

export function toLoadOptions(given: Given): LoadOptions {
	const { host, port, url, envFile, insecureNoAuth } = given;
	return {
		flags: {
			...(host === undefined ? {} : { host }),
			...(port === undefined ? {} : { port }),
			...(url === undefined ? {} : { gatewayUrl: url }),
			...(insecureNoAuth ? { insecureNoAuth: "true" } : {}),
		},
		...(envFile === undefined ? {} : { envFile }),
	};
}
