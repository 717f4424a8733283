/** What the start prints: who may call, who pays, what to paste next. */
import { dirname } from "node:path";
import { toDatabaseText } from "../store/database-url.ts";
import type { Config } from "./config.ts";
import { escapeControls } from "./safe-text.ts";
import { isLoopback } from "./screens.ts";
import { type Look, type Paint, toPaint, wrap } from "./terminal.ts";
import type { Build, World } from "./world.ts";

export interface Started {
	readonly config: Config;
	/** Where the gateway listens: `http://127.0.0.1:4000`. */
	readonly url: string;
	readonly warnings: readonly string[];
	/** What the user gave the master key as: `LITELLM_MASTER_KEY`. */
	readonly masterKeyFrom: string | null;
}

export type Callers = "master_key" | "this_machine" | "anyone";

export function toCallers({ masterKey, host }: Config): Callers {
	if (masterKey !== null) return "master_key";
	return isLoopback(host) ? "this_machine" : "anyone";
}

/** The base URL clients use. `0.0.0.0` is where we listen, not an address everyone can dial. */
export function toClientUrl({ config, url }: Pick<Started, "config" | "url">) {
	const own = url
		.replace("//0.0.0.0:", "//127.0.0.1:")
		.replace("//[::]:", "//[::1]:");
	const base = config.publicUrl ?? own;
	return base.endsWith(config.rootPath) ? base : base + config.rootPath;
}

/**
 * One line for the shell of a client. Clients refuse to start without a credential, so the open mode gets a made-up one;
 * where the caller's own key pays, it must stay; a master key is never printed.
 */
export function toPasteLine(
	{ config, url }: Pick<Started, "config" | "url">,
	platform: NodeJS.Platform,
): string {
	const pairs: [string, string][] = [
		["ANTHROPIC_BASE_URL", `${toClientUrl({ config, url })}/anthropic`],
	];
	if (config.masterKey !== null) {
		pairs.push(["ANTHROPIC_AUTH_TOKEN", '"your master key"']);
	} else if (config.upstream.credential !== null) {
		pairs.push(["ANTHROPIC_AUTH_TOKEN", "anything"]);
	}
	return toShellLine(pairs, platform);
}

/** Variables for the shell of a client. */
export const toShellLine = (
	pairs: readonly (readonly [string, string])[],
	platform: NodeJS.Platform,
): string =>
	platform === "win32"
		? pairs
				.map(([name, value]) => `$env:${name}="${value.replaceAll('"', "")}"`)
				.join("; ")
		: `export ${pairs.map((pair) => pair.join("=")).join(" ")}`;

function toPayer({ upstream }: Config): string {
	const { credential } = upstream;
	return credential === null
		? "the caller's own Anthropic key (none is set here)"
		: `${credential.masked} from ${credential.from}`;
}

const callersText: Readonly<Record<Callers, string>> = {
	master_key: "holders of the master key",
	this_machine: "anyone on this machine (no master key is set)",
	anyone: "ANYONE who can reach this address (--insecure-no-auth)",
};

const labelColumns = 9;

function toRows(started: Started, home: string): (readonly [string, string])[] {
	const { config, masterKeyFrom } = started;
	const { dataDir, database } = config;
	const callers = callersText[toCallers(config)];
	const toShort = (path: string) =>
		home !== "" && path.startsWith(`${home}/`)
			? `~${path.slice(home.length)}`
			: path;
	// A file of its own is where all data is.
	const isApart =
		database.kind === "postgres" || dirname(database.path) !== dataDir;
	const ledger = toShort(toDatabaseText(database));
	return [
		["Callers", masterKeyFrom ? `${callers} (${masterKeyFrom})` : callers],
		["Paid by", toPayer(config)],
		["Upstream", config.upstream.url],
		["Data", escapeControls(toShort(dataDir))],
		...(isApart ? [["Ledger", escapeControls(ledger)] as const] : []),
	];
}

function toPretty(
	started: Started,
	{ build, home, platform, stdout }: BannerWorld,
	paint: Paint,
): string {
	const width = Math.min(stdout.columns ?? 100, 100);
	const open = toCallers(started.config) === "anyone";
	const rows = toRows(started, home).map(([label, value]) => {
		const shown = label === "Callers" && open ? paint("yellow", value) : value;
		return `  ${paint("dim", label.padEnd(labelColumns))} ${shown}`;
	});
	const warnings = started.warnings.map(
		(line) => `  ${paint("yellow", "!")} ${wrap(line, width, 4)}`,
	);
	return [
		"",
		`  ${paint(["bold", "magenta"], "Tollway")} ${paint("dim", build.version)}  ${paint(["bold", "cyan"], started.url)}`,
		"",
		...rows,
		"",
		paint("dim", "  In the shell of a client:"),
		`  ${paint("green", toPasteLine(started, platform))}`,
		"",
		...warnings,
		...(warnings.length > 0 ? [""] : []),
		paint("dim", "  Ctrl-C stops it."),
		"",
	].join("\n");
}

function toJson(started: Started, { build, clock }: BannerWorld): string {
	const { config, url, warnings } = started;
	return JSON.stringify({
		event: "start",
		time: new Date(clock.now()).toISOString(),
		version: build.version,
		commit: build.commit,
		url,
		callers: toCallers(config),
		paid_by: config.upstream.credential?.masked ?? "caller",
		upstream: config.upstream.url,
		data_dir: config.dataDir,
		ledger: toDatabaseText(config.database),
		base_url: `${toClientUrl(started)}/anthropic`,
		warnings,
	});
}

export interface BannerWorld
	extends Pick<World, "home" | "platform" | "stdout" | "clock"> {
	readonly build: Build;
}

/** Pretty: a few lines. Otherwise one line of JSON. Never a whole key. Without the last line feed. */
export function toBanner(
	started: Started,
	world: BannerWorld,
	look: Look,
): string {
	return look.pretty
		? toPretty(started, world, toPaint(look.color))
		: toJson(started, world);
}
