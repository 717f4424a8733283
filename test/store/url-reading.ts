/** How the tests ask what a text names. */
import {
	type DatabaseUrl,
	readDatabaseUrl,
} from "../../src/store/database-url.ts";
import {
	type PostgresDatabase,
	toPostgres,
} from "../../src/store/postgres-url.ts";

/** What it is read as, or why it is not; `null` without a reason. */
export function read(text: string): DatabaseUrl | string | null | undefined {
	let reason: string | null | undefined;
	const value = readDatabaseUrl(text, (why) => {
		reason = why ?? null;
		return undefined;
	});
	return value ?? reason;
}

/** The server a URL names, with all defaults. */
export function serverOf(text: string): PostgresDatabase {
	const url = read(text);
	if (typeof url !== "object" || url?.kind !== "postgres")
		throw new Error(`${text}: ${JSON.stringify(url)}`);
	return toPostgres(url.parts, "DATABASE_URL");
}
