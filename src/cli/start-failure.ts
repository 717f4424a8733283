/** Why the gateway could not start, in one sentence with a way out. */
import { isIPv6 } from "node:net";
import type { Config } from "./config.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";

type Explain = (config: Config) => string;

/** A port nearby that is surely valid. */
const neighbour = (port: number) => (port < 65_535 ? port + 1 : port - 1);

const noAddress: Explain = ({ host }) =>
	isIPv6(host)
		? `${host} cannot be listened on: this machine has no such address, or IPv6 is off. Try TOLLWAY_HOST=127.0.0.1.`
		: `${host} cannot be listened on: it is no address of this machine. Try TOLLWAY_HOST=127.0.0.1, or 0.0.0.0 for all addresses.`;

const listenFailures: Readonly<Record<string, Explain>> = {
	EADDRINUSE: ({ port }) =>
		`${port} is in use${port === 4000 ? " (LiteLLM?)" : ""}. Try PORT=${neighbour(port)}.`,
	EACCES: ({ port }) =>
		port < 1024
			? `${port} needs more rights: ports below 1024 belong to the system. Try PORT=4000.`
			: `${port} may not be listened on by this user. Try PORT=${neighbour(port)}.`,
	EADDRNOTAVAIL: noAddress,
	EAFNOSUPPORT: noAddress,
	// Bun 1.4.5 answers so for a name that resolves to nothing and for a link-local address without a zone.
	EINVAL: noAddress,
	ENOTFOUND: noAddress,
};

/** Whether the error is about the address or about something else, such as a file. */
function isListenError(error: { syscall?: unknown; path?: unknown }): boolean {
	return error.syscall === "listen" || error.path === undefined;
}

export function toStartFailure(error: unknown, config: Config): string {
	const { code, syscall, path } = (error ?? {}) as Record<string, unknown>;
	const explain =
		typeof code === "string" && Object.hasOwn(listenFailures, code)
			? listenFailures[code]
			: undefined;
	if (explain && isListenError({ syscall, path })) return explain(config);
	const message = error instanceof Error ? error.message : String(error);
	return redactKeys(escapeControls(message));
}
