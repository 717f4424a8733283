import { describe, expect, test } from "bun:test";
import type { DatabaseUrl } from "../../src/store/database-url.ts";
import {
	type PostgresDatabase,
	readPostgresHost,
} from "../../src/store/postgres-url.ts";
import { read, serverOf } from "./url-reading.ts";

const droppedOf = (text: string) => (read(text) as DatabaseUrl).dropped;

describe("servers", () => {
	const plain = {
		kind: "postgres",
		from: "DATABASE_URL",
		host: "db.example",
		port: 5432,
		database: "litellm",
		user: "ada",
		password: "pw",
		tls: { mode: "prefer", caPath: null },
		maxConnections: 10,
		prepare: true,
	} as const;

	const rows: [string, Partial<PostgresDatabase>][] = [
		["postgres://ada:pw@db.example/litellm", {}],
		["postgresql://ada:pw@db.example:5432/litellm/", {}],
		["POSTGRESQL://ada:pw@db.example/litellm?", {}],
		["postgresql://ada@db.example/litellm", { password: null }],
		[
			"postgresql://ada:@db.example:6543/litellm",
			{ password: null, port: 6543 },
		],
		[
			"postgresql://a%40b:p%3Aw%2F%23%25+@db.example/my%20db",
			{ user: "a@b", password: "p:w/#%+", database: "my db" },
		],
		["postgresql://ada:p,w@db.example/litellm", { password: "p,w" }],
		["postgresql://ada:p@w@db.example/litellm", { password: "p@w" }],
		[
			"postgresql://ada:pw@[2001:db8::1]:1/litellm",
			{ host: "2001:db8::1", port: 1 },
		],
		["postgresql://ada:pw@my_db/litellm", { host: "my_db" }],
		["postgresql://ada:pw@/litellm", { host: "localhost" }],
		["postgresql://ada:pw@:1/litellm", { host: "localhost", port: 1 }],
		["postgresql://ada:p@:w@db.example/litellm", { password: "p@:w" }],
		[
			"postgresql:///litellm?user=ada&password=pw&port=1",
			{ host: "localhost", port: 1 },
		],
		[
			"postgresql://db.example?user=ada&password=p+w&dbname=litellm",
			{ password: "p+w" },
		],
	];
	test.each(rows)("%s", (text, more) => {
		expect(serverOf(text)).toEqual({ ...plain, ...more });
	});

	test.each([
		"postgresql://ada:pw@localhost/litellm?host=/run/pg&sslmode=require",
		"postgresql://ada:pw@/litellm?host=/run/pg",
		"postgresql://ada:pw@%2Frun%2Fpg/litellm?sslmode=verify-full",
	])("a Unix socket, which needs no TLS: %s", (text) => {
		const tls = { mode: "off", caPath: null } as const;
		expect(serverOf(text)).toEqual({ ...plain, host: "/run/pg", tls });
	});

	const encode = "in user name and password the characters";
	test.each([
		["postgresql://u:secret/pw@h/d", "it is no URL; in user name"],
		["postgresql://u:secret#pw@h/d", "it is no URL; in user name"],
		["postgresql://u:12/pw@h/d", encode],
		["postgresql://u:12#pw@h/d", encode],
		["postgresql://u:12?pw@h/d", `it names no user; ${encode}`],
		["postgresql://u:secret%pw@h/d", encode],
		["postgresql://u:secret%00@h/d", encode],
		["postgresql://h/d", "it names no user"],
		["postgresql://u:secret@h", "it names no database"],
		["postgresql://u:secret@h/", "it names no database"],
		["postgresql://u:secret@h:0/d", "its port is 0"],
		["postgresql://u:secret@h:99999/d", "it is no URL"],
		["postgresql://u:secret@h1:5432,h2:5432/d", "it names several servers"],
		["postgresql://u:secret@h1,h2/d", "it names several servers"],
	])("%s: %s", (text, why) => {
		const reason = read(text);
		expect(reason).toStartWith(why);
		expect(reason).not.toContain("secret");
	});
});

describe("parameters", () => {
	const withThe = (parameters: string) =>
		`postgresql://u:secret@h/d?${parameters}`;

	const rows: [string, Partial<PostgresDatabase>][] = [
		["connection_limit=3", { maxConnections: 3 }],
		["pgbouncer=true", { prepare: false }],
		["pgbouncer=TRUE&statement_cache_size=100", { prepare: false }],
		["pgbouncer=false", { prepare: true }],
		["statement_cache_size=0", { prepare: false }],
		["sslmode=&connection_limit=", {}],
	];
	test.each(rows)("%s", (parameters, expected) => {
		expect(serverOf(withThe(parameters))).toEqual({
			...serverOf(withThe("")),
			...expected,
		});
		expect(droppedOf(withThe(parameters))).toEqual([]);
	});

	test.each([
		["", "prefer", null],
		["sslmode=disable&sslrootcert=ca.pem", "off", null],
		["sslmode=allow", "prefer", null],
		["sslmode=Require", "require", null],
		["sslmode=no-verify", "require", null],
		["sslmode=verify-ca", "verify-ca", null],
		["sslmode=verify-full", "verify-full", null],
		["ssl=true", "require", null],
		["ssl=0", "off", null],
		["sslmode=verify-full&ssl=true", "verify-full", null],
		["sslrootcert=ca.pem", "verify-full", "ca.pem"],
		["sslmode=prefer&sslrootcert=ca.pem", "verify-full", "ca.pem"],
		["sslmode=require&sslrootcert=ca.pem", "verify-ca", "ca.pem"],
		["sslmode=verify-full&sslrootcert=ca.pem", "verify-full", "ca.pem"],
		["sslmode=require&sslrootcert=system", "verify-full", null],
		["sslmode=require&sslcert=ca.pem", "verify-ca", "ca.pem"],
		[
			"sslmode=require&sslcert=ca.pem&sslaccept=strict",
			"verify-full",
			"ca.pem",
		],
		["sslaccept=strict", "verify-full", null],
		["sslcert=ca.pem&sslaccept=accept_invalid_certs", "prefer", "ca.pem"],
		["sslmode=verify-full&sslaccept=accept_invalid_certs", "verify-full", null],
	] as const)("TLS by %s: %s", (parameters, mode, caPath) => {
		expect(serverOf(withThe(parameters)).tls).toEqual({ mode, caPath });
	});

	test("what means nothing here is named, without what might be a secret", () => {
		const parameters =
			"schema=public&pool_timeout=10&sslmode=require&application_name=x&sslcert=me.pem&sslkey=me.key&pw%21=x&pw";
		expect(droppedOf(withThe(parameters))).toEqual([
			"schema",
			"pool_timeout",
			"application_name",
			"sslcert",
			"sslkey",
			"…",
		]);
	});

	test.each([
		[
			"connection_limit=0",
			"its connection_limit must be a whole number from 1",
		],
		["connection_limit=secret", "its connection_limit must be"],
		["connection_limit=1001", "its connection_limit must be"],
		["sslmode=secret", "its sslmode must be disable, allow, prefer"],
		["sslmode=constructor", "its sslmode must be"],
		["sslaccept=secret", "its sslaccept must be strict or"],
		["ssl=secret", "its ssl must be true or false"],
		["pgbouncer=secret", "its pgbouncer must be true or false"],
		["statement_cache_size=secret", "its statement_cache_size must be"],
		["port=0", "its port must be a whole number"],
	])("%s is refused", (parameters, why) => {
		const reason = read(withThe(parameters));
		expect(reason).toStartWith(why);
		expect(reason).not.toContain("secret");
	});
});

describe("a host by itself", () => {
	const readHost = (text: string) => readPostgresHost(text, () => undefined);
	test.each([
		["db.example", { host: "db.example" }],
		["my_db:5433", { host: "my_db", port: 5433 }],
		["10.0.0.1:1", { host: "10.0.0.1", port: 1 }],
		["::1", { host: "::1" }],
		["[::1]", { host: "::1" }],
		["[::1]:5433", { host: "::1", port: 5433 }],
		["/run/pg", { host: "/run/pg" }],
	])("%s", (text, expected) => {
		expect(readHost(text)).toEqual(expected);
	});
	test.each(["h:0", "h:65536", "h:x", "u@h", "h/d", "h1,h2", "http://h", ""])(
		"%j is none",
		(text) => {
			expect(readHost(text)).toBeUndefined();
		},
	);
});
