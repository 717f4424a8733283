/** A PostgreSQL server: read from its URL, or put together from what several variables say. */
import { isIPv6 } from "node:net";
import {
	type PostgresParts,
	type TlsMode,
	translateParameters,
} from "./postgres-parameters.ts";
import { decode, type Fail, readParameters } from "./url-text.ts";

const connectionsDefault = 10;

export interface PostgresDatabase {
	readonly kind: "postgres";
	/** What the user named it by: `DATABASE_URL`. */
	readonly from: string;
	/** A name, an address, or the folder of a Unix socket, which begins with a slash. */
	readonly host: string;
	readonly port: number;
	readonly database: string;
	readonly user: string;
	/** null: none was given. */
	readonly password: string | null;
	readonly tls: {
		readonly mode: TlsMode;
		/** A file of certificates (PEM) trusted instead of the runtime's. */
		readonly caPath: string | null;
	};
	/** The most this process opens at a time. */
	readonly maxConnections: number;
	/** false: no named prepared statements, which a pooler may lose between two transactions. */
	readonly prepare: boolean;
}

export interface PostgresUrl {
	readonly kind: "postgres";
	/** User and database are among them. */
	readonly parts: PostgresParts;
	/** Names of parameters that mean nothing here. */
	readonly dropped: readonly string[];
}

const encode =
	"in user name and password the characters % @ : / ? # must be written %25 %40 %3A %2F %3F %23, unless the password is given as DATABASE_PASSWORD";

const userAlone = /^(\w+:\/\/[^/?#]*@)(?=(:\d*)?([/?#]|$))/;

/** `postgres://` or `postgresql://`, with the parameters of Prisma and libpq. */
export function readPostgresUrl(
	text: string,
	fail: Fail,
): PostgresUrl | undefined {
	const servers = /^\w+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1];
	if (servers?.includes(",")) return fail("it names several servers: name one");
	// libpq takes a user without a host, as in postgresql://ada@/litellm?host=/run/postgresql; the URL standard does not.
	const whole = text.replace(userAlone, "$1localhost");
	if (!URL.canParse(whole)) return fail(`it is no URL; ${encode}`);
	const url = new URL(whole);
	const texts = {
		host: decode(url.hostname.replace(/^\[(.*)\]$/, "$1")),
		user: decode(url.username),
		password: decode(url.password),
		database: decode(url.pathname.replace(/^\/|\/$/g, "")),
	};
	const broken = Object.values(texts).includes(undefined);
	if (broken || url.hash !== "" || texts.database?.includes("@")) {
		return fail(encode);
	}
	const given = Object.entries(texts).filter(([, value]) => value !== "");
	const port = url.port === "" ? {} : { port: Number(url.port) };
	const translated = translateParameters(readParameters(url.search.slice(1)));
	if (typeof translated === "string") return fail(translated);
	const parts: PostgresParts = {
		...Object.fromEntries(given),
		...port,
		...translated.parts,
	};
	if (parts.port === 0) return fail("its port is 0");
	if (parts.user === undefined) return fail(`it names no user; ${encode}`);
	if (parts.database === undefined) return fail("it names no database");
	return { kind: "postgres", parts, dropped: translated.dropped };
}

/** A host's name or address with or without a port, or the folder of a Unix socket. */
export function readPostgresHost(
	text: string,
	fail: Fail,
): Pick<PostgresParts, "host" | "port"> | undefined {
	if (text.startsWith("/") || isIPv6(text)) return { host: text };
	const [, name, address, port] =
		/^(?:([\w.-]+)|\[([\da-f:.]+)\])(?::(\d{1,5}))?$/i.exec(text) ?? [];
	const host = name ?? address;
	if (host === undefined) return fail();
	if (port === undefined) return { host };
	return Number(port) >= 1 && Number(port) <= 65_535
		? { host, port: Number(port) }
		: fail();
}

/** A certificate that is given is one to be checked, unless it is said not to. */
function toTls(parts: PostgresParts): PostgresDatabase["tls"] {
	const { host = "", tlsMode = "prefer", certificate } = parts;
	if (tlsMode === "off" || host.startsWith("/")) {
		return { mode: "off", caPath: null };
	}
	const system = parts.caPath === "system";
	const caPath = system ? null : (parts.caPath ?? null);
	if (certificate === "strict" || system)
		return { mode: "verify-full", caPath };
	if (caPath === null || certificate === "any")
		return { mode: tlsMode, caPath };
	if (tlsMode === "prefer") return { mode: "verify-full", caPath };
	return { mode: tlsMode === "require" ? "verify-ca" : tlsMode, caPath };
}

/** With the defaults; names that are missing are empty. */
export function toPostgres(
	parts: PostgresParts,
	from: string,
): PostgresDatabase {
	return {
		kind: "postgres",
		from,
		host: parts.host ?? "localhost",
		port: parts.port ?? 5432,
		database: parts.database ?? "",
		user: parts.user ?? "",
		password: parts.password ?? null,
		tls: toTls(parts),
		maxConnections: parts.maxConnections ?? connectionsDefault,
		prepare: parts.prepare ?? true,
	};
}
