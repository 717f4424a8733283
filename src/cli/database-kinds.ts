/** The kinds of value that say where the database is. */
import { readDatabaseUrl } from "../store/database-url.ts";
import { toTlsMode } from "../store/postgres-parameters.ts";
import { readPostgresHost } from "../store/postgres-url.ts";
import { kind } from "./kinds.ts";

export const databaseUrl = kind(
	"sqlite:<path>, a path, or postgresql://<user>:<password>@<host>/<database>",
	readDatabaseUrl,
);

/** `{ host, port? }` */
export const databaseHost = kind(
	"a host name or address, with or without a port, or the folder of a Unix socket",
	readPostgresHost,
);

export const databasePort = kind("a whole number from 1 to 65535", (text) => {
	const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return number >= 1 && number <= 65_535 ? number : undefined;
});

/** A user, a password, a database: whatever the server calls them. */
export const databaseText = kind("a text without control characters", (text) =>
	/\p{Cc}/u.test(text) ? undefined : text,
);

export const databaseTls = kind(
	"disable, prefer, require, verify-ca or verify-full",
	toTlsMode,
);
