import { describe, expect, test } from "bun:test";
import { runProgram } from "../../src/cli/program.ts";
import { noNanos, toNanos } from "../../src/domain/nanos.ts";
import { openFakeWorld, openFiles } from "./fake-world.ts";
import { configOf, type Env, load } from "./loading.ts";

const pem = "-----BEGIN CERTIFICATE-----\n";
const url = "postgresql://ada:hunter2secret@db.example/ledger";
const single = {
	DATABASE_HOST: "db.example",
	DATABASE_USERNAME: "ada",
	DATABASE_PASSWORD: "hunter2secret",
	DATABASE_NAME: "ledger",
};
const server = {
	kind: "postgres",
	host: "db.example",
	port: 5432,
	database: "ledger",
	user: "ada",
	password: "hunter2secret",
	tls: { mode: "prefer", caPath: null },
	maxConnections: 10,
	prepare: true,
} as const;

describe("a file", () => {
	const rows: [Env, string][] = [
		[{}, "/home/ada/.local/share/tollway/tollway.db"],
		[{ DATABASE_URL: " " }, "/home/ada/.local/share/tollway/tollway.db"],
		[{ TOLLWAY_DATA_DIR: "~/data" }, "/home/ada/data/tollway.db"],
		[{ DATABASE_URL: "sqlite:my.db" }, "/srv/my.db"],
		[{ DATABASE_URL: "file:./my.db" }, "/srv/my.db"],
		[{ DATABASE_URL: "sqlite:///var/my.db" }, "/var/my.db"],
		[{ DATABASE_URL: "~/my.db" }, "/home/ada/my.db"],
	];
	test.each(rows)("%j: %s", (env, path) => {
		expect(configOf(env).database).toEqual({ kind: "sqlite", path });
		expect(load(env).warnings).toEqual([]);
		expect(load(env).origins.databaseUrl.shown).toBe(path);
	});
});

describe("a server", () => {
	const rows: [Env, object][] = [
		[{ DATABASE_URL: url }, {}],
		[single, { from: "DATABASE_HOST" }],
		[
			{ ...single, DATABASE_USERNAME: "", DATABASE_USER: "ada" },
			{ from: "DATABASE_HOST" },
		],
		[
			{ ...single, DATABASE_HOST: "db:1", DATABASE_PORT: "1" },
			{ from: "DATABASE_HOST", host: "db", port: 1 },
		],
		[
			{ ...single, DATABASE_PORT: "6543", DATABASE_PASSWORD: "" },
			{ from: "DATABASE_HOST", port: 6543, password: null },
		],
		[
			{ ...single, DATABASE_SSLMODE: "require" },
			{ from: "DATABASE_HOST", tls: { mode: "require", caPath: null } },
		],
		[
			{ ...single, DATABASE_SSLROOTCERT: "ca.pem" },
			{
				from: "DATABASE_HOST",
				tls: { mode: "verify-full", caPath: "/srv/ca.pem" },
			},
		],
		[
			{ ...single, DATABASE_DISABLE_PREPARED_STATEMENTS: "true" },
			{ from: "DATABASE_HOST", prepare: false },
		],
		// LiteLLM's chart sets all of them.
		[{ DATABASE_URL: url, ...single, DATABASE_PORT: "5432" }, {}],
		[
			{
				DATABASE_URL: url.replace(":hunter2secret", ""),
				DATABASE_PASSWORD: "hunter2secret",
				DATABASE_SSLMODE: "require",
			},
			{ tls: { mode: "require", caPath: null } },
		],
		[
			{
				DATABASE_URL: `${url}?sslmode=verify-full&pgbouncer=false`,
				DATABASE_SSLMODE: "disable",
				DATABASE_DISABLE_PREPARED_STATEMENTS: "true",
			},
			{ tls: { mode: "verify-full", caPath: null } },
		],
	];
	test.each(rows)("%j", (env, more) => {
		const { config, problems, warnings } = load(env, {
			readFile: openFiles({ "/srv/ca.pem": pem }),
		});
		expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
		expect(config?.database).toEqual({
			...server,
			from: "DATABASE_URL",
			...more,
		});
	});

	test("from files and from systemd's credentials", () => {
		const readFile = openFiles({
			"/run/url": `${url}\n`,
			"/run/pw": "hunter2secret\n",
			"/creds/database-url": url,
		});
		expect(
			configOf({ DATABASE_URL_FILE: "/run/url" }, { readFile }).database,
		).toEqual({ ...server, from: "DATABASE_URL_FILE" });
		const { DATABASE_PASSWORD: _, ...open } = single;
		const filed = { ...open, DATABASE_PASSWORD_FILE: "/run/pw" };
		expect(configOf(filed, { readFile }).database).toMatchObject(server);
		const credentials = { CREDENTIALS_DIRECTORY: "/creds" };
		expect(configOf(credentials, { readFile }).database).toMatchObject(server);
	});
});

describe("what is pointed out", () => {
	const rows: [Env, string][] = [
		[
			{ DATABASE_URL: `${url}?schema=public&pool_timeout=10` },
			"DATABASE_URL holds schema and pool_timeout, which have no effect here; the tables are always in the schema tollway.",
		],
		[
			{ DATABASE_URL: "file:my.db?connection_limit=1" },
			"DATABASE_URL holds connection_limit, which has no effect here.",
		],
		[
			{
				DATABASE_URL: url,
				...single,
				DATABASE_HOST: "other",
				DATABASE_NAME: "x",
			},
			"DATABASE_URL and DATABASE_HOST and DATABASE_NAME differ; DATABASE_URL is used.",
		],
		[
			{ DATABASE_URL: url, DATABASE_PASSWORD: "other" },
			"DATABASE_URL and DATABASE_PASSWORD differ; DATABASE_URL is used.",
		],
		[
			{ DATABASE_URL: "my.db", DATABASE_HOST: "db.example" },
			"DATABASE_URL and DATABASE_HOST differ; DATABASE_URL is used.",
		],
		[
			{ ...single, DATABASE_HOST: "db:1", DATABASE_PORT: "2" },
			"DATABASE_HOST and DATABASE_PORT name different ports; DATABASE_HOST's is used.",
		],
		[
			{ DATABASE_PORT: "tcp://10.0.0.1:5432" },
			'DATABASE_PORT is "tcp://10.0.0.1:5432", which Kubernetes sets for a service called database, and is ignored here.',
		],
		[
			{ DATABASE_NAME: "x", DATABASE_USER: "y" },
			"DATABASE_USER and DATABASE_NAME have no effect: neither DATABASE_URL nor DATABASE_HOST names a PostgreSQL server.",
		],
		[
			{ DATABASE_PASSWORD: "hunter2secret" },
			"DATABASE_PASSWORD has no effect: neither DATABASE_URL nor DATABASE_HOST names a PostgreSQL server.",
		],
	];
	test.each(rows)("%j", (env, warning) => {
		expect(load(env)).toMatchObject({ problems: [], warnings: [warning] });
	});
});

describe("what forbids the start", () => {
	const rows: [Env, string][] = [
		[
			{ DATABASE_URL: "mysql://u:hunter2secret@h/d" },
			"DATABASE_URL cannot be used: expected sqlite:<path>, a path, or postgresql://",
		],
		[
			{ DATABASE_URL: "sqlite::memory:" },
			"DATABASE_URL cannot be used: an in-memory",
		],
		[
			{ DATABASE_URL: "postgresql://u:1/hunter2secret@h/d" },
			"DATABASE_URL cannot be used: in user name and password",
		],
		[
			{ DATABASE_URL: `${url}?connection_limit=many`, DATABASE_HOST: "other" },
			"DATABASE_URL cannot be used: its connection_limit must be",
		],
		[
			{ DATABASE_HOST: "http://db.example" },
			'DATABASE_HOST is "http://db.example"; expected a host name',
		],
		[{ DATABASE_PORT: "0" }, 'DATABASE_PORT is "0"; expected a whole number'],
		[
			{ ...single, DATABASE_PASSWORD: "hunter2\u0000secret" },
			"DATABASE_PASSWORD cannot be used: expected a text without",
		],
		[
			{ DATABASE_SSLMODE: "on" },
			'DATABASE_SSLMODE is "on"; expected disable, prefer',
		],
		[
			{ ...single, DATABASE_NAME: "" },
			"DATABASE_NAME is not set; expected the name of a database, since DATABASE_HOST names a PostgreSQL server (unset DATABASE_HOST to",
		],
		[
			{ ...single, DATABASE_USERNAME: "" },
			"DATABASE_USERNAME is not set; expected the user to log in as",
		],
		[
			{ ...single, DATABASE_SSLROOTCERT: "none.pem" },
			"DATABASE_SSLROOTCERT names /srv/none.pem, which does not exist.",
		],
		[
			{ DATABASE_URL: `${url}?sslrootcert=/etc/passwd` },
			"DATABASE_URL names /etc/passwd, which is no certificate in PEM form.",
		],
	];
	test.each(rows)("%j", (env, start) => {
		const readFile = openFiles({ "/etc/passwd": "root:x" });
		const { config, problems } = load(env, { readFile });
		expect(config).toBeNull();
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith(start);
		expect(problems[0]).not.toContain("secret");
	});
});

describe("the password is never shown", () => {
	const environments: Env[] = [
		{ DATABASE_URL: url },
		{ DATABASE_URL: url.replace("example", "exa mple") },
		{
			DATABASE_URL: `postgresql://db.example/ledger?user=ada&password=hunter2secret&host`,
		},
		single,
		{ ...single, DATABASE_NAME: "" },
	];
	test.each(
		environments.flatMap((env) =>
			["config", "config --json"].map((line) => [line, env] as const),
		),
	)("%s %j", async (line, env) => {
		const world = openFakeWorld({ env });
		await runProgram(line.split(" "), world);
		const text = world.stdout.text() + world.stderr.text();
		expect(text).toContain("DATABASE_URL");
		expect(text).not.toContain("hunter2");
	});

	test("the server is, with where it was named", async () => {
		const world = openFakeWorld({
			env: { ...single, DATABASE_SCHEMA: "public" },
		});
		expect(await runProgram(["config"], world)).toBe(0);
		const text = world.stdout.text().replace(/ +/g, " ");
		for (const part of [
			" DATABASE_URL postgresql://…@db.example:5432/ledger DATABASE_HOST\n",
			" DATABASE_PASSWORD … DATABASE_PASSWORD\n",
			" DATABASE_NAME used see above\n",
			" DATABASE_SCHEMA harmless the tables are in a schema of their own, tollway\n",
		]) {
			expect(text).toContain(part);
		}
	});
});

test("what is served without a ledger needs a journal, which only a file has", () => {
	const env = { TOLLWAY_LEDGER_DOWN: "serve", TOLLWAY_LEDGER_DOWN_LIMIT: "2" };
	expect(load(env).warnings).toEqual([]);
	expect(configOf(env).unwrittenNanos).toBe(toNanos(2_000_000_000n));
	const onServer = { ...env, DATABASE_URL: url };
	expect(load(onServer).warnings).toEqual([
		"TOLLWAY_LEDGER_DOWN=serve has no effect with a PostgreSQL server: while it takes nothing, calls that cost money are refused.",
	]);
	expect(configOf(onServer).unwrittenNanos).toBe(noNanos);
});
