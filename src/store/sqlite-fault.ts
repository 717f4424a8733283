import type { StoreFault } from "./engine.ts";

/** SQLite's result codes (sqlite.org/rescode.html); the longer names of a family begin with the shorter one. */
const faults: readonly (readonly [prefix: string, fault: StoreFault])[] = [
	["SQLITE_BUSY", "busy"],
	["SQLITE_LOCKED", "busy"],
	["SQLITE_FULL", "full"],
	["SQLITE_READONLY", "readonly"],
	["SQLITE_PERM", "readonly"],
	["SQLITE_CANTOPEN", "readonly"],
	["SQLITE_IOERR", "io"],
	["SQLITE_CORRUPT", "corrupt"],
	["SQLITE_NOTADB", "corrupt"],
	["SQLITE_CONSTRAINT", "conflict"],
	["SQLITE_MISMATCH", "conflict"],
	["SQLITE_TOOBIG", "conflict"],
];

/** node:sqlite gives the number of the result, bun:sqlite its name. */
const names: ReadonlyMap<number, string> = new Map([
	[5, "SQLITE_BUSY"],
	[6, "SQLITE_LOCKED"],
	[13, "SQLITE_FULL"],
	[8, "SQLITE_READONLY"],
	[3, "SQLITE_PERM"],
	[14, "SQLITE_CANTOPEN"],
	[10, "SQLITE_IOERR"],
	[11, "SQLITE_CORRUPT"],
	[26, "SQLITE_NOTADB"],
	[19, "SQLITE_CONSTRAINT"],
	[20, "SQLITE_MISMATCH"],
	[18, "SQLITE_TOOBIG"],
]);

/** The low byte of an extended result code is the primary one. */
const primary = (code: number): number => code & 0xff;

export function toSqliteFault(error: unknown): StoreFault {
	const { code, errcode } = error as { code?: unknown; errcode?: unknown };
	const name =
		typeof errcode === "number" ? names.get(primary(errcode)) : String(code);
	return faults.find(([prefix]) => name?.startsWith(prefix))?.[1] ?? "broken";
}
