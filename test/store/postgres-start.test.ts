/** A server that cannot be used is explained; one that others use too keeps what is theirs. */
import { describe, expect, test } from "bun:test";
import { StoreError } from "../../src/store/engine.ts";
import { toServerError } from "../../src/store/postgres-start.ts";
import {
	type PostgresDatabase,
	toPostgres,
} from "../../src/store/postgres-url.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { toTestEntry } from "./an-entry.ts";
import {
	openTestStore,
	readLedger,
	toAddress,
	waitFor,
} from "./postgres-stores.ts";

const server = needs.postgres() && (await sharePostgres());
const name = `start_${process.pid}`;

describe.skipIf(server === null)("a PostgreSQL server", () => {
	if (server === null) return;
	const refusals: readonly (readonly [
		what: string,
		change: Partial<PostgresDatabase>,
		reason: string,
	])[] = [
		[
			"wrong password",
			{ password: "wrong" },
			"it refuses the password of the user tollway.",
		],
		[
			"no password",
			{ password: null },
			"it refuses the password of the user tollway.",
		],
		[
			"no such user",
			{ user: "nobody" },
			"it refuses the password of the user nobody.",
		],
		[
			"no such database",
			{ database: "nowhere" },
			"it has no database nowhere. Make it (createdb nowhere), or name another.",
		],
		[
			"nothing there",
			{ port: 1 },
			"nothing listens there. Start the server, or correct the address.",
		],
		[
			"no such socket",
			{ host: "/nowhere", port: 5432 },
			"there is no such socket. Start the server, or correct the address.",
		],
		[
			"no such name",
			{ host: "server.invalid" },
			"its name is unknown (DNS). Start the server, or correct the address.",
		],
		[
			"TLS that it does not have",
			{ tls: { mode: "require", caPath: null } },
			"TLS is asked for (sslmode): does the server have it?",
		],
	];
	test.each(refusals)("%s", async (_what, change, reason) => {
		await server.createDatabase(name);
		const address = { ...toAddress(server, name), ...change };
		const error = await openTestStore(address).then(
			() => null,
			(problem: StoreError) => problem,
		);
		expect(error?.message).toStartWith("DATABASE_URL names postgresql://");
		expect(error?.message).toEndWith(reason);
		expect(error?.message).not.toContain(server.password);
		expect(
			await server.psql(
				"SELECT count(*) FROM pg_namespace WHERE nspname = 'tollway'",
				name,
			),
		).toBe("0");
	});

	test("a user that may not make its schema is told how it gets one; then it starts", async () => {
		await server.createDatabase(name);
		await server.psql(`ALTER DATABASE ${name} OWNER TO postgres`);
		const address = toAddress(server, name);
		await expect(openTestStore(address)).rejects.toThrow(
			`GRANT CREATE ON DATABASE ${name} TO tollway; or make the schema for it: CREATE SCHEMA tollway AUTHORIZATION tollway;`,
		);
		await server.psql("CREATE SCHEMA tollway AUTHORIZATION tollway", name);
		const store = await openTestStore(address);
		await store.ledger.settle(toTestEntry(), "m");
		expect(await readLedger(store)).toHaveLength(1);
		await store.close();
	});

	test("a database of a newer version is left alone", async () => {
		await server.createDatabase(name);
		const address = toAddress(server, name);
		await (await openTestStore(address)).close();
		const setVersion = "UPDATE tollway.meta SET value = '99'";
		await server.psql(setVersion, name);
		await expect(openTestStore(address)).rejects.toThrow(
			/^The database was changed by a newer Tollway \(version 99 /,
		);
		expect(
			await server.psql("SELECT count(*) FROM tollway.writers", name),
		).toBe("1");
		// Nothing of the start is left.
		await waitFor(
			async () =>
				(await server.psql(
					`SELECT count(*) FROM pg_stat_activity WHERE datname = '${name}' AND application_name = 'tollway'`,
				)) === "0",
		);
	});

	test("whoever else is at the tables is waited for", async () => {
		await server.createDatabase(name);
		// "tollway" in ASCII.
		const lock = "pg_advisory_xact_lock(32773608765350265)";
		const others = server
			.psql(`BEGIN; SELECT ${lock}; SELECT pg_sleep(1); COMMIT;`, name)
			.then(() => "the others");
		await waitFor(
			async () =>
				(await server.psql(
					"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted",
					name,
				)) === "1",
		);
		const opening = openTestStore(toAddress(server, name));
		const first = await Promise.race([others, opening.then(() => "ours")]);
		expect(first).toBe("the others");
		await (await opening).close();
	});

	test("LiteLLM's tables, and tables named like ours, stay as they are", async () => {
		await server.createDatabase(name);
		const tables = [
			'"LiteLLM_SpendLogs"',
			'"LiteLLM_VerificationToken"',
			"_prisma_migrations",
			...["entries", "holds", "meta", "refs", "rollups", "writers"],
		];
		const make = tables.map(
			(table) =>
				`CREATE TABLE ${table} (id text PRIMARY KEY, spend double precision);
				INSERT INTO ${table} VALUES ('theirs', 0.1);
				ALTER TABLE ${table} OWNER TO tollway;`,
		);
		await server.psql(make.join("\n"), name);
		const look = () =>
			server.psql(
				`SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2;
				${tables.map((table) => `SELECT * FROM ${table};`).join("\n")}`,
				name,
			);
		const before = await look();
		const store = await openTestStore(toAddress(server, name));
		await store.ledger.settle(toTestEntry({ tags: ["a"] }), "m");
		expect(await readLedger(store)).toHaveLength(1);
		await store.close();
		expect(await look()).toBe(before);
	});
});

test("a certificate that cannot be trusted is told apart from a server that is away", () => {
	const cause = { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" };
	const error = toServerError(
		toPostgres({ host: "h", user: "u", database: "d" }, "DATABASE_URL"),
		new StoreError("broken", "no", { cause }),
	) as Error;
	expect(error.message).toBe(
		"DATABASE_URL names postgresql://u@h:5432/d, which cannot be used: its certificate is not to be trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE). Name the file of its authority (sslrootcert), or ask for less (sslmode=require).",
	);
});
