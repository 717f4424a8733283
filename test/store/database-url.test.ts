import { describe, expect, test } from "bun:test";
import { toDatabaseText } from "../../src/store/database-url.ts";
import { read, serverOf } from "./url-reading.ts";

describe("files", () => {
	test.each([
		["my.db", "my.db"],
		["/var/my.db", "/var/my.db"],
		["~/my.db", "~/my.db"],
		["./a b/100%.db?x=1", "./a b/100%.db?x=1"],
		["C:\\tollway\\my.db", "C:\\tollway\\my.db"],
		["postgres", "postgres"],
		["sqlite:my.db", "my.db"],
		["SQLite:/var/my.db", "/var/my.db"],
		["sqlite://my.db", "my.db"],
		["sqlite:///var/my.db", "/var/my.db"],
		["sqlite:////var/my.db", "//var/my.db"],
		["sqlite:///C:/my.db", "C:/my.db"],
		["sqlite:100%25.db", "100%25.db"],
		["file:my.db", "my.db"],
		["file:./dev.db", "./dev.db"],
		["file:/var/my.db", "/var/my.db"],
		["file:///var/my%20db", "/var/my db"],
		["file://localhost/var/my.db", "/var/my.db"],
		["file:///C:/my.db", "C:/my.db"],
	])("%s", (text, path) => {
		expect(read(text)).toEqual({ kind: "sqlite", path, dropped: [] });
	});

	test("parameters are named and dropped", () => {
		expect(read("file:dev.db?connection_limit=1&mode=ro&+%0A=x")).toEqual({
			kind: "sqlite",
			path: "dev.db",
			dropped: ["connection_limit", "mode", "…"],
		});
	});

	test.each([
		[":memory:", "an in-memory database would lose the ledger: name a file"],
		["sqlite::memory:", "an in-memory database"],
		["sqlite://:memory:", "an in-memory database"],
		["file::memory:?cache=shared", "an in-memory database"],
		["file:x?mode=memory&cache=shared", "an in-memory database"],
		["sqlite:///var/lib/", "it names a folder"],
		["C:\\data\\", "it names a folder"],
		["file://server/my.db", "it names another machine"],
		["file:///100%.db", "a % in its path must be written %25"],
	])("%s: %s", (text, why) => {
		expect(read(text)).toStartWith(why);
	});

	test.each([
		"sqlite:",
		"sqlite:?mode=ro",
		"file://localhost",
		"mysql://u:p@h/d",
		"prisma+postgres://h/?api_key=k",
		"postgresql+asyncpg://u:p@h/d",
		"postgres:u@h/d",
		"my\0.db",
	])("%j is nothing of the kind", (text) => {
		expect(read(text)).toBeNull();
	});
});

test("shown, it has no password", () => {
	const shown = (text: string) => toDatabaseText(serverOf(text));
	expect(shown("postgresql://a%40b:secret@h:1/my%20db")).toBe(
		"postgresql://a%40b@h:1/my%20db",
	);
	expect(shown("postgresql://u:secret@[::1]/d")).toBe(
		"postgresql://u@[::1]:5432/d",
	);
	expect(shown("postgresql://u:secret@/d?host=/run/pg")).toBe(
		"postgresql://u@/d?host=/run/pg&port=5432",
	);
	expect(toDatabaseText({ kind: "sqlite", path: "/a.db" })).toBe("/a.db");
});
