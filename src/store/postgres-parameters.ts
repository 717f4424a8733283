/** What a PostgreSQL URL's parameters mean: Prisma's, libpq's and node-postgres'. */
import { toNames } from "./url-text.ts";

/** By what the user calls it (libpq's names and node-postgres'). `require` believes whoever answers. */
const tlsModes = {
	disable: "off",
	allow: "prefer",
	prefer: "prefer",
	require: "require",
	"no-verify": "require",
	"verify-ca": "verify-ca",
	"verify-full": "verify-full",
} as const;

/** `prefer`: where the server has it; every later one: or no connection. */
export type TlsMode = (typeof tlsModes)[keyof typeof tlsModes];

/** What was said about a server; the rest is for other variables and for defaults. */
export interface PostgresParts {
	readonly host?: string | undefined;
	readonly port?: number | undefined;
	readonly database?: string | undefined;
	readonly user?: string | undefined;
	readonly password?: string | undefined;
	readonly tlsMode?: TlsMode | undefined;
	/** `system`: the runtime's. */
	readonly caPath?: string | undefined;
	readonly certificate?: "strict" | "any" | undefined;
	readonly maxConnections?: number | undefined;
	readonly prepare?: boolean | undefined;
}

interface Parameter {
	readonly expected: string;
	/** undefined: it is not what is expected. */
	readonly read: (value: string) => PostgresParts | undefined;
}

const connectionsMax = 1_000;

const anyText = "a text";
const wholeNumber = (value: string) =>
	/^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;

/** Read in this order: a later one has the last word. */
const parameters: Readonly<Record<string, Parameter>> = {
	host: { expected: anyText, read: (host) => ({ host }) },
	user: { expected: anyText, read: (user) => ({ user }) },
	password: { expected: anyText, read: (password) => ({ password }) },
	dbname: { expected: anyText, read: (database) => ({ database }) },
	port: {
		expected: "a whole number from 1 to 65535",
		read: (value) => {
			const port = wholeNumber(value);
			return port >= 1 && port <= 65_535 ? { port } : undefined;
		},
	},
	ssl: {
		expected: "true or false",
		read: (value) => {
			if (/^(true|1)$/i.test(value)) return { tlsMode: "require" };
			return /^(false|0)$/i.test(value) ? { tlsMode: "off" } : undefined;
		},
	},
	sslmode: {
		expected: Object.keys(tlsModes).join(", "),
		read: (value) => {
			const tlsMode = toTlsMode(value);
			return tlsMode && { tlsMode };
		},
	},
	// Prisma's name for it; beside sslkey it is libpq's for a client's own.
	sslcert: { expected: anyText, read: (caPath) => ({ caPath }) },
	sslrootcert: { expected: anyText, read: (caPath) => ({ caPath }) },
	sslaccept: {
		expected: "strict or accept_invalid_certs",
		read: (value) => {
			if (value === "strict") return { certificate: "strict" };
			return value === "accept_invalid_certs"
				? { certificate: "any" }
				: undefined;
		},
	},
	connection_limit: {
		expected: `a whole number from 1 to ${connectionsMax}`,
		read: (value) => {
			const maxConnections = wholeNumber(value);
			return maxConnections >= 1 && maxConnections <= connectionsMax
				? { maxConnections }
				: undefined;
		},
	},
	statement_cache_size: {
		expected: "a whole number",
		read: (value) => {
			if (Number.isNaN(wholeNumber(value))) return undefined;
			return wholeNumber(value) === 0 ? { prepare: false } : {};
		},
	},
	pgbouncer: {
		expected: "true or false",
		read: (value) =>
			/^(true|false)$/i.test(value)
				? { prepare: value.toLowerCase() === "false" }
				: undefined,
	},
};

/** undefined: there is no such mode. */
export function toTlsMode(text: string): TlsMode | undefined {
	const name = text.toLowerCase();
	return Object.hasOwn(tlsModes, name)
		? tlsModes[name as keyof typeof tlsModes]
		: undefined;
}

/** Or what is wrong with one of them. `dropped`: those that mean nothing here. */
export function translateParameters(
	given: Map<string, string>,
): { parts: PostgresParts; dropped: string[] } | string {
	let parts: PostgresParts = {};
	const rest = new Map(given);
	for (const [name, { expected, read }] of Object.entries(parameters)) {
		const value = given.get(name);
		if (value === undefined) continue;
		if (name === "sslcert" && given.has("sslkey")) continue;
		const part = read(value);
		if (part === undefined) return `its ${name} must be ${expected}`;
		parts = { ...parts, ...part };
		rest.delete(name);
	}
	return { parts, dropped: toNames(rest.keys()) };
}
