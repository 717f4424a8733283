/**
 * Secrets that must stay at home. Whatever a rig keeps, prints or hands on is searched for them when it stops: the keys
 * that it was started with, and everything that looks like a key it made.
 */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Exchange } from "../src/simulator/record.ts";

export interface Canary {
	/** What a finding calls it: the secret itself is in none. */
	readonly name: string;
	readonly value: string;
	/** Upstream gets it, in the one header that is for it. */
	readonly goesUpstream: boolean;
	/** Only where the path begins so. */
	readonly onlyTo?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const stay = ["TOLLWAY_MASTER_KEY", "LITELLM_MASTER_KEY"] as const;
const go = [
	"TOLLWAY_UPSTREAM_KEY",
	"ANTHROPIC_API_KEY",
	"ANTHROPIC_AUTH_TOKEN",
] as const;
const forReports = [
	"TOLLWAY_UPSTREAM_ADMIN_KEY",
	"ANTHROPIC_ADMIN_KEY",
] as const;
const urls = ["DATABASE_URL"] as const;

/** Anything shorter stands somewhere by chance. */
const minLength = 6;

/** The secrets of an environment. */
export function toCanaries(env: Env): readonly Canary[] {
	const all = [
		...stay.map((name) => ({ name, value: env[name], goesUpstream: false })),
		...go.map((name) => ({ name, value: env[name], goesUpstream: true })),
		...forReports.map((name) => ({
			name,
			value: env[name],
			goesUpstream: true,
			onlyTo: "/v1/organizations/",
		})),
		...urls.map((name) => ({
			name: `the password in ${name}`,
			value: toPassword(env[name]),
			goesUpstream: false,
		})),
	];
	return all.flatMap(({ value, ...rest }) =>
		value !== undefined && value.length >= minLength
			? [{ ...rest, value }]
			: [],
	);
}

function toPassword(url: string | undefined): string | undefined {
	return url && URL.canParse(url)
		? decodeURIComponent(new URL(url).password)
		: undefined;
}

const madeKeyStart = Buffer.from("sk-");
/** As `/key/generate` makes them. */
const madeKey = /^sk-(?!ant-)[\w-]{43}(?![\w-])/;
const madeKeyLength = 46;
const wordEnd = /[\w-]$/;

/** What of the secrets stands in there, as sentences. */
export function findIn(
	where: string,
	what: Uint8Array | string,
	canaries: readonly Canary[],
): string[] {
	const bytes = Buffer.from(what as never);
	const found = canaries
		.filter(({ value }) => bytes.includes(value))
		.map(({ name }) => `${name} is in ${where}`);
	return holdsMadeKey(bytes)
		? [...found, `a key that was made is in ${where}`]
		: found;
}

function holdsMadeKey(bytes: Buffer): boolean {
	for (
		let at = bytes.indexOf(madeKeyStart);
		at >= 0;
		at = bytes.indexOf(madeKeyStart, at + 1)
	) {
		const before = bytes.toString("latin1", Math.max(0, at - 1), at);
		const text = bytes.toString("latin1", at, at + madeKeyLength + 1);
		if (!wordEnd.test(before) && madeKey.test(text)) return true;
	}
	return false;
}

/** In every file of a folder, its own folders included. A folder that is not there holds nothing. */
export function findInFolder(
	folder: string,
	canaries: readonly Canary[],
): string[] {
	return readFiles(folder).flatMap((name) =>
		findIn(`the file ${name}`, readFileSync(join(folder, name)), canaries),
	);
}

function readFiles(folder: string): string[] {
	try {
		return readdirSync(folder, { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name).slice(folder.length));
	} catch (error) {
		if ((error as { code?: unknown }).code === "ENOENT") return [];
		throw error;
	}
}

/** In what a gateway printed. */
export const findInLines = (
	lines: readonly unknown[],
	canaries: readonly Canary[],
): string[] => findIn("the log", JSON.stringify(lines), canaries);

/** The headers in which a credential goes upstream. */
const upstreamHeaders: ReadonlySet<string> = new Set([
	"x-api-key",
	"authorization",
]);

/** In what upstream received: one secret may be there, in its header. */
export function findInExchanges(
	exchanges: readonly Exchange[],
	canaries: readonly Canary[],
): string[] {
	const found = exchanges.flatMap(({ received }) => {
		const { rawHeaders, target, body } = received;
		const stays = canaries.filter(
			({ goesUpstream, onlyTo = "" }) =>
				!goesUpstream || !target.startsWith(onlyTo),
		);
		const own: string[] = [];
		const others: string[] = [];
		for (let at = 0; at < rawHeaders.length; at += 2) {
			const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
			const isOwn = upstreamHeaders.has(name.toLowerCase());
			(isOwn ? own : others).push(`${name}: ${value}`);
		}
		return [
			...findIn("upstream's credential header", own.join("\n"), stays),
			...findIn("another header to upstream", others.join("\n"), canaries),
			...findIn("the address upstream got", target, canaries),
			...findIn("the body upstream got", body.bytes, canaries),
		];
	});
	return [...new Set(found)];
}

/** @throws an error that says where they are */
export function requireNone(leaks: readonly string[]): void {
	if (leaks.length === 0) return;
	throw new Error(`Secrets are where they must not be: ${leaks.join("; ")}.`);
}
