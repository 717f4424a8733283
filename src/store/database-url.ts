/** Where the ledger is kept: a file or a PostgreSQL server. */
import {
	type PostgresDatabase,
	type PostgresUrl,
	readPostgresUrl,
} from "./postgres-url.ts";
import { decode, type Fail, readParameters, toNames } from "./url-text.ts";

export interface SqliteDatabase {
	readonly kind: "sqlite";
	/** Its file. */
	readonly path: string;
}

/** The tables on a PostgreSQL server are always in the schema `tollway`. */
export type DatabaseAddress = SqliteDatabase | PostgresDatabase;

export interface FileUrl extends SqliteDatabase {
	/** Names of parameters that mean nothing here. */
	readonly dropped: readonly string[];
}

export type DatabaseUrl = FileUrl | PostgresUrl;

const inMemory = "an in-memory database would lose the ledger: name a file";

/** `postgres://` and `postgresql://`, `sqlite:<path>`, `sqlite://<path>`, `file:<path>` (percent-encoded), or a path. */
export function readDatabaseUrl(
	text: string,
	fail: Fail,
): DatabaseUrl | undefined {
	if (/^postgres(ql)?:\/\//i.test(text)) return readPostgresUrl(text, fail);
	const [, scheme = "", rest = ""] = /^(sqlite|file):(.*)$/is.exec(text) ?? [];
	if (scheme !== "") return readFileUrl(scheme.toLowerCase(), rest, fail);
	// One letter is a Windows drive, more are a scheme.
	if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return fail();
	return toFile(text, [], fail);
}

function readFileUrl(
	scheme: string,
	text: string,
	fail: Fail,
): FileUrl | undefined {
	const [place = "", ...search] = text.split("?");
	const parameters = readParameters(search.join("?"));
	if (parameters.get("mode") === "memory") return fail(inMemory);
	const [, server, rest = ""] =
		(scheme === "file" && /^\/\/([^/]*)(.*)$/s.exec(place)) || [];
	if (server && server.toLowerCase() !== "localhost") {
		return fail(
			"it names another machine: the URL of a file is file:///<path>",
		);
	}
	const path =
		scheme === "sqlite"
			? place.replace(/^\/\//, "")
			: decode(server === undefined ? place : rest);
	if (path === undefined) return fail("a % in its path must be written %25");
	return toFile(path, toNames(parameters.keys()), fail);
}

function toFile(
	text: string,
	dropped: readonly string[],
	fail: Fail,
): FileUrl | undefined {
	if (/:memory:/i.test(text)) return fail(inMemory);
	if (/[/\\]$/.test(text)) return fail("it names a folder: name a file in it");
	if (text === "" || text.includes("\0")) return fail();
	// file:///C:/tollway.db
	const path = text.replace(/^\/(?=[a-z]:[/\\])/i, "");
	return { kind: "sqlite", path, dropped };
}

/** Without the password. */
export function toDatabaseText(database: DatabaseAddress): string {
	if (database.kind === "sqlite") return database.path;
	const { host, port } = database;
	const user = encodeURIComponent(database.user);
	const name = encodeURIComponent(database.database);
	if (host.startsWith("/")) {
		return `postgresql://${user}@/${name}?host=${host}&port=${port}`;
	}
	const server = host.includes(":") ? `[${host}]` : host;
	return `postgresql://${user}@${server}:${port}/${name}`;
}
