import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import connect from "postgres";
import { needs, type PostgresPrograms } from "../needs.ts";
import { openPostgres, type Postgres, sharePostgres } from "../postgres.ts";
import { openServer } from "../postgres-server.ts";

const hasPostgres = needs.postgres() !== null;
const limitMs = 10_000;

async function until(condition: () => boolean, what: string) {
	const endMs = performance.now() + limitMs;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`waited for: ${what}`);
		await Bun.sleep(5);
	}
}

/** One connection to the URL, for as long as `use` takes. */
async function query<T>(
	url: string,
	use: (sql: connect.Sql) => Promise<T>,
): Promise<T> {
	const sql = connect(url, { max: 1, onnotice: () => {}, connect_timeout: 5 });
	try {
		return await use(sql);
	} finally {
		await sql.end({ timeout: 1 });
	}
}

/** A zombie has ended, though nobody has asked how. */
function isRunning(pid: number) {
	const status = `/proc/${pid}/stat`;
	return existsSync(status) && !/\) Z /.test(readFileSync(status, "utf8"));
}

/** A temporary folder for what is opened meanwhile, so that its leavings can be seen. */
async function inFolder<T>(use: (folder: string) => Promise<T>) {
	const folder = mkdtempSync(join(tmpdir(), "tollway-rig-"));
	// As the system's own: the server may run as another user.
	chmodSync(folder, 0o1777);
	const before = process.env.TMPDIR;
	process.env.TMPDIR = folder;
	try {
		return await use(folder);
	} finally {
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
		rmSync(folder, { recursive: true, force: true });
	}
}

describe.skipIf(!hasPostgres)("a server of one's own", () => {
	let postgres: Postgres;
	beforeAll(async () => {
		postgres = await openPostgres();
	}, 30_000);
	afterAll(() => postgres.stop());

	test("its clients have an ordinary role that owns its databases", async () => {
		const url = await postgres.createDatabase("own");
		expect(url).toBe(postgres.url("own"));
		const [row] = await query(url, async (sql) => {
			await sql`CREATE SCHEMA tollway`;
			return sql`SELECT current_user AS name, rolsuper AS root FROM pg_roles WHERE rolname = current_user`;
		});
		expect(row).toEqual({ name: postgres.user, root: false });
	});

	test("the network needs the password, the socket does not", async () => {
		const wrong = postgres.url("postgres").replace(postgres.password, "wrong");
		expect(postgres.password).toHaveLength(36);
		const { code } = await query(wrong, (sql) => sql`SELECT 1`).catch(
			(error) => error,
		);
		expect(code).toBe("28P01");
		const { port, user, socketFolder } = postgres;
		const sql = connect({
			path: join(socketFolder, `.s.PGSQL.${port}`),
			user,
			database: "postgres",
			max: 1,
		});
		expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }] as never);
		await sql.end();
	});

	test("a database made again is empty, even while somebody uses it", async () => {
		const url = await postgres.createDatabase("again");
		const sql = connect(url, { max: 1, onclose: () => {} });
		await sql`CREATE TABLE t (a int)`;
		await postgres.createDatabase("again");
		const [row] = await query(url, (other) => other`SELECT to_regclass('t')`);
		expect(row).toEqual({ to_regclass: null });
		await sql.end({ timeout: 0 });
	});

	test("psql gives rows, and its own words for a mistake", async () => {
		expect(await postgres.psql("SELECT 1, 'a'; SELECT 2")).toBe("1|a\n2");
		expect(await postgres.psql("SHOW fsync")).toBe("off");
		await expect(postgres.psql("SELEKT")).rejects.toThrow(
			'syntax error at or near "SELEKT"',
		);
		await expect(postgres.createDatabase('x"; --')).rejects.toThrow("no name");
	});

	test("frozen it answers nobody; thawed it answers what was asked", async () => {
		await query(postgres.url("postgres"), async (sql) => {
			await sql`SELECT 1`;
			postgres.pause();
			let answered = false;
			const asked = sql`SELECT 2 AS two`.then((rows) => {
				answered = true;
				return rows[0];
			});
			// Nothing can be waited for here; unfrozen, it answers in 1 ms.
			await Bun.sleep(100);
			expect(answered).toBe(false);
			postgres.resume();
			expect(await asked).toEqual({ two: 2 });
		});
	});

	test("after a crash it comes back with what was committed", async () => {
		const url = await postgres.createDatabase("crash");
		await query(url, (sql) => sql`CREATE TABLE t AS SELECT 7 AS a`);
		await postgres.kill();
		const { code } = await query(url, (sql) => sql`SELECT 1`).catch(
			(error) => error,
		);
		expect(code).toBe("ECONNREFUSED");
		await postgres.start();
		const [row] = await query(url, (sql) => sql`SELECT a FROM t`);
		expect(row).toEqual({ a: 7 });
	});
});

describe.skipIf(!hasPostgres)("whatever happens, nothing stays", () => {
	test("stopped, also while frozen; settings as asked for", async () => {
		await inFolder(async (folder) => {
			const postgres = await openPostgres({ auth: "trust", fsync: true });
			expect(postgres.url("x")).toBe(
				`postgresql://tollway@127.0.0.1:${postgres.port}/x`,
			);
			const [row] = await query(
				postgres.url("postgres"),
				(sql) => sql`SHOW fsync`,
			);
			expect(row).toEqual({ fsync: "on" });
			postgres.pause();
			await postgres.stop();
			await postgres.stop();
			expect(readdirSync(folder)).toEqual([]);
		});
	});

	test("one that cannot start says why", async () => {
		await inFolder(async (folder) => {
			const settings = { shared_buffers: "much" };
			await expect(openPostgres({ settings })).rejects.toThrow(
				/does not start: .*invalid value for parameter "shared_buffers"/s,
			);
			expect(readdirSync(folder)).toEqual([]);
		});
	});

	test("a port that is taken is named, and the next one serves", async () => {
		await inFolder(async (parent) => {
			const folder = join(parent, "server");
			mkdirSync(folder);
			const programs = needs.postgres() as PostgresPrograms;
			const { uid, gid } = programs.owner;
			if (uid && gid) chownSync(folder, uid, gid);
			const server = openServer({
				programs,
				folder,
				auth: "trust",
				settings: {
					listen_addresses: "127.0.0.1",
					unix_socket_directories: "",
				},
			});
			const other = Bun.serve({
				hostname: "127.0.0.1",
				port: 0,
				fetch: () => new Response(),
			});
			const port = Number(other.port);
			await expect(server.start(port)).rejects.toThrow(
				"Address already in use",
			);
			await other.stop(true);
			await server.start(port);
			const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
			const [row] = await query(url, (sql) => sql`SELECT 1 AS one`);
			expect(row).toEqual({ one: 1 });
			await server.close();
			expect(readdirSync(parent)).toEqual([]);
		});
	});

	test("its user killed, itself frozen", async () => {
		await inFolder(async (folder) => {
			const script = `
				import { openPostgres } from "./test/postgres.ts";
				const postgres = await openPostgres();
				const [pid] = (await postgres.psql("SELECT pg_read_file('postmaster.pid')")).split("\\n");
				postgres.pause();
				console.log(pid);
				setInterval(() => {}, 60_000);`;
			const child = spawn(process.execPath, ["-e", script], {
				cwd: join(import.meta.dir, "../.."),
				stdio: ["ignore", "pipe", "inherit"],
			});
			const [line] = await once(child.stdout, "data");
			const pid = Number(line);
			expect(isRunning(pid)).toBe(true);
			child.kill("SIGKILL");
			await until(() => !isRunning(pid), "the server's end");
			await until(() => readdirSync(folder).length === 0, "an empty folder");
		});
	});
});

test.skipIf(!hasPostgres)("files of one process share a server", async () => {
	const [first, second] = [await sharePostgres(), await sharePostgres()];
	expect(second.url("x")).toBe(first.url("x"));
	const url = await second.createDatabase("rig_shared");
	const [row] = await query(url, (sql) => sql`SELECT 1 AS one`);
	expect(row).toEqual({ one: 1 });
});
