/**
 * Texts that were meant for somebody else. Server and client often share a shell, so a variable may hold the client's
 * side of the connection: such a value is left out with a warning, unless it was given under a name of our own.
 */
import { isIP } from "node:net";
import { quote } from "./safe-text.ts";
import type { Values } from "./settings.ts";
import type { Candidate } from "./sources.ts";

export type Verdict =
	| { readonly take: true }
	| { readonly ignored: string }
	| { readonly problem: string };

const take: Verdict = { take: true };

/**
 * `value` is undefined when the text could not be read; `soFar` holds the settings above the screened one in the table, as
 * far as they could be read.
 */
export type Screen = (
	candidate: Candidate,
	value: unknown,
	soFar: Partial<Values>,
) => Verdict;

/** Addresses that only this machine can call. */
export function isLoopback(host: string): boolean {
	return (
		host === "localhost" ||
		host.endsWith(".localhost") ||
		host === "::1" ||
		(isIP(host) === 4 && host.startsWith("127.")) ||
		/^::ffff:127\./.test(host)
	);
}

function isAnthropic(url: string): boolean {
	const name = new URL(url).hostname.replace(/\.$/, "");
	return name === "anthropic.com" || name.endsWith(".anthropic.com");
}

function portOf(url: URL): number {
	if (url.port !== "") return Number(url.port);
	return url.protocol === "https:" ? 443 : 80;
}

/** Whether a call to the URL would come back to this gateway. */
function isOurselves(text: string, soFar: Partial<Values>): boolean {
	const url = new URL(text);
	const name = url.hostname.replace(/^\[|\]$/g, "");
	if (soFar.publicUrl) {
		const ours = new URL(soFar.publicUrl);
		if (ours.hostname === url.hostname && portOf(ours) === portOf(url)) {
			return true;
		}
	}
	if (portOf(url) !== soFar.port) return false;
	return (
		isLoopback(name) ||
		["0.0.0.0", "::", soFar.host].includes(name) ||
		(soFar.allowedHosts ?? []).includes(name)
	);
}

function screenHost({ name, text }: Candidate): Verdict {
	if (name !== "HOST") return take;
	const bare = text.replace(/^\[|\]$/g, "").toLowerCase();
	if (isIP(bare) !== 0 || bare === "localhost") return take;
	return {
		ignored: `HOST is ${quote(text)}, not an address, and is ignored; TOLLWAY_HOST sets where to listen.`,
	};
}

function screenUpstreamUrl(
	{ name }: Candidate,
	value: unknown,
	soFar: Partial<Values>,
): Verdict {
	if (value === undefined) return take;
	const url = String(value);
	if (isOurselves(url, soFar)) {
		return name === "TOLLWAY_UPSTREAM_URL"
			? {
					problem: `${name} is ${quote(url)}, which is this gateway itself; expected the URL of Anthropic or of another gateway.`,
				}
			: {
					ignored: `${name} is ${quote(url)}, which is this gateway itself, and is ignored here; TOLLWAY_UPSTREAM_URL sets where calls go.`,
				};
	}
	if (isAnthropic(url) && url.startsWith("http:")) {
		return {
			problem: `${name} is ${quote(url)}; expected https://, since the key must not travel in clear text.`,
		};
	}
	return take;
}

function screenCredential(
	{ name }: Candidate,
	value: unknown,
	soFar: Partial<Values>,
): Verdict {
	if (value === undefined) return take;
	if (value === soFar.masterKey) {
		return {
			ignored: `${name} holds the master key, which never goes upstream; it is ignored here.`,
		};
	}
	const { upstreamUrl } = soFar;
	if (upstreamUrl === undefined || !isAnthropic(upstreamUrl)) return take;
	if (String(value).startsWith("sk-ant-")) return take;
	return {
		ignored: `${name} does not hold an Anthropic key (sk-ant-…) and is never sent to ${new URL(upstreamUrl).hostname}; it is ignored here.`,
	};
}

/** What Kubernetes tells every pod about a service called database. */
function screenDatabasePort({ name, text }: Candidate): Verdict {
	if (!/^(tcp|udp|sctp):\/\//.test(text)) return take;
	return {
		ignored: `${name} is ${quote(text)}, which Kubernetes sets for a service called database, and is ignored here.`,
	};
}

export const screens: Readonly<Partial<Record<keyof Values, Screen>>> = {
	host: screenHost,
	upstreamUrl: screenUpstreamUrl,
	upstreamKey: screenCredential,
	upstreamAuthToken: screenCredential,
	adminKey: screenCredential,
	databasePort: screenDatabasePort,
};
