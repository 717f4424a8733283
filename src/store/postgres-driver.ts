import type postgres from "postgres";
import type { PostgresDatabase } from "./postgres-url.ts";

export type DriverAddress = Pick<
	postgres.Options<Record<never, never>>,
	"host" | "port" | "path" | "ssl"
>;

/**
 * Where and how postgres.js (3.4.9) is to connect.
 * @param readFile throws the system's error, as for certificates that are gone
 */
export function toDriverAddress(
	{ host, port, tls }: PostgresDatabase,
	readFile: (path: string) => string,
): DriverAddress {
	return {
		// It cuts a text at its colons, and with it an IPv6 address, but takes a list as it is; its types know only texts.
		host: [host] as unknown as string,
		port: [port] as unknown as number,
		path: host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : undefined,
		ssl: toSsl(tls, readFile),
	};
}

/** Given an object, the driver lets the runtime check the certificate; with `prefer` and `require` it believes any. */
function toSsl(
	{ mode, caPath }: PostgresDatabase["tls"],
	readFile: (path: string) => string,
): DriverAddress["ssl"] {
	if (mode === "off") return false;
	if (mode === "prefer" || mode === "require") return mode;
	return {
		...(caPath !== null && { ca: readFile(caPath) }),
		...(mode === "verify-ca" && { checkServerIdentity: () => undefined }),
	};
}
