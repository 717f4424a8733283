/** `tollway key …` when no gateway runs: the database is opened. */
import { Database } from "bun:sqlite";
import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { command, startGateway } from "../rig.ts";
import {
	masterKey,
	openFolder,
	runKey,
	runKeyOnTerminal,
} from "./key-process.ts";

// Each command is a process that starts, and the machine may be busy.
setDefaultTimeout(60_000);

const folder = openFolder();
afterAll(() => rmSync(folder, { recursive: true }));

/** A port on which nothing listens. */
const freePort = await new Promise<string>((resolve) => {
	const server = createServer().listen(0, "127.0.0.1", () => {
		const { port } = server.address() as { port: number };
		server.close(() => resolve(String(port)));
	});
});

const toEnv = (name: string) => ({
	PORT: freePort,
	TOLLWAY_DATA_DIR: join(folder, name),
});

describe("a life", () => {
	const env = toEnv("life");
	const run = (...args: string[]) => runKey(args, env);

	test("where there is no database only create makes one", async () => {
		for (const args of [["list"], ["info", "a"], ["revoke", "a"]]) {
			const { code, out, err } = await run(...args);
			expect({ code, out }).toEqual({ code: 1, out: "" });
			expect(err).toBe(
				`tollway: No gateway runs at http://127.0.0.1:${freePort}, and there is no database ${env.TOLLWAY_DATA_DIR}/tollway.db. Say where your gateway listens with --url or TOLLWAY_URL, or give this command its PORT, TOLLWAY_HOST and TOLLWAY_DATA_DIR.\n`,
			);
			expect(existsSync(env.TOLLWAY_DATA_DIR)).toBe(false);
		}
	});

	test("made, listed, changed and gone; the gateway knows it afterwards", async () => {
		const made = await run("create", "--alias", "alice", "--rpm", "5");
		expect(made).toEqual({
			code: 0,
			out: expect.stringMatching(/^sk-[\w-]{43}\n$/),
			err: "",
		});
		const gone = (await run("create", "--alias", "gone")).out.trim();
		expect((await run("block", "alice")).out).toContain("is blocked.");
		expect((await run("list")).out).toMatch(
			/^alice\tsk-\.\.\..*\tblocked\t.*\ngone\t.*\n$/,
		);
		expect((await run("unblock", "alice")).code).toBe(0);
		const next = (await run("rotate", "alice")).out.trim();
		expect((await run("revoke", "gone")).code).toBe(0);
		expect(JSON.parse((await run("info", "alice")).out).info).toMatchObject({
			key_name: `sk-...${next.slice(-4)}`,
			rpm_limit: 5,
		});

		const gateway = await startGateway({
			TOLLWAY_MASTER_KEY: masterKey,
			TOLLWAY_DATA_DIR: env.TOLLWAY_DATA_DIR,
		});
		const ask = (key: string) =>
			fetch(`${gateway.url}/key/info`, { headers: { "x-api-key": key } });
		expect((await ask(next)).status).toBe(200);
		expect((await ask(made.out.trim())).status).toBe(401);
		expect((await ask(gone)).status).toBe(401);
		await gateway.stop();
	});

	test("on a terminal it says where it went", async () => {
		const { out } = await runKeyOnTerminal(["create"], env);
		expect(out).toContain(
			`No gateway runs; it was written into ${env.TOLLWAY_DATA_DIR}/tollway.db.`,
		);
		expect(out).toContain(
			`ANTHROPIC_BASE_URL=http://127.0.0.1:${freePort}/anthropic `,
		);
	});

	test("without a master key as well, and where any free port would be taken", async () => {
		const open = { ...toEnv("open"), TOLLWAY_MASTER_KEY: "", PORT: "0" };
		const { code, out } = await runKeyOnTerminal(["create"], open);
		expect(code).toBe(0);
		expect(out).toContain("=http://127.0.0.1:<port>/anthropic ");
		expect((await runKey(["list"], open)).out).toContain("\tok\t");
	});

	test("several at a time wait for each other", async () => {
		const shared = toEnv("shared");
		const made = await Promise.all(
			["a", "b", "c"].map((alias) =>
				runKey(["create", "--alias", alias], shared),
			),
		);
		expect(made.map(({ code, err }) => ({ code, err }))).toEqual(
			made.map(() => ({ code: 0, err: "" })),
		);
		const { out } = await runKey(["list"], shared);
		expect(out.trimEnd().split("\n")).toHaveLength(3);
	});
});

describe("ten thousand keys", () => {
	const env = toEnv("many");

	beforeAll(async () => {
		expect((await runKey(["create", "--alias", "many-0"], env)).code).toBe(0);
		const database = new Database(join(env.TOLLWAY_DATA_DIR, "tollway.db"));
		const kind = "key";
		const row = database
			.query("SELECT doc FROM objects WHERE kind = ?")
			.get(kind) as { doc: string };
		const put = database.query("INSERT INTO objects VALUES (?, ?, ?, ?)");
		database.transaction(() => {
			for (let at = 1; at < 10_000; at++) {
				const id = createHash("sha256").update(`sk-${at}`).digest("hex");
				const alias = `many-${at}`;
				const doc = { ...JSON.parse(row.doc), id, hash: id, alias };
				put.run(kind, id, alias, JSON.stringify(doc));
			}
		})();
		database.close();
	});

	test("are listed, each once", async () => {
		const { code, out } = await runKey(["list"], env);
		expect(code).toBe(0);
		const lines = out.trimEnd().split("\n");
		expect(new Set(lines.map((line) => line.split("\t")[9])).size).toBe(10_000);
		expect(lines).toHaveLength(10_000);
	});

	test("reach a reader who takes his time", async () => {
		const child = Bun.spawn(
			// Ten megabytes, and nobody reads until the command could have ended.
			["sh", "-c", '"$@" key list --json | { sleep 6; cat; }', "-", ...command],
			{
				env: { ...process.env, ...env, TOLLWAY_MASTER_KEY: masterKey },
				stdio: ["ignore", "pipe", "inherit"],
			},
		);
		const text = await new Response(child.stdout).text();
		expect(JSON.parse(text)).toHaveLength(10_000);
	});

	test("one of them is found by the end of it", async () => {
		const { err } = await runKey(["block", "sk-...zzzz"], env);
		expect(err).toContain('There is no key "sk-...zzzz".');
	});
});

const postgres = needs.postgres() && (await sharePostgres());

test.skipIf(!postgres)(
	"on PostgreSQL as well; a gateway elsewhere on it follows",
	async () => {
		const url = `${await postgres?.createDatabase("key_commands")}`;
		const env = { ...toEnv("server"), DATABASE_URL: url };
		const made = await runKey(["create", "--alias", "alice"], env);
		expect(made).toMatchObject({ code: 0, err: "" });
		const gateway = await startGateway({
			TOLLWAY_MASTER_KEY: masterKey,
			DATABASE_URL: url,
		});
		// The gateway listens where the command does not look.
		expect(await runKey(["block", "alice"], env)).toMatchObject({
			code: 0,
			err: "",
		});
		const isBlocked = async () => {
			const headers = { "x-api-key": made.out.trim() };
			const reply = await fetch(`${gateway.url}/key/info`, { headers });
			return reply.status === 401;
		};
		const untilMs = performance.now() + 20_000;
		while (!(await isBlocked())) {
			expect(performance.now()).toBeLessThan(untilMs);
		}
		expect(
			(await runKey(["create"], { ...env, DATABASE_URL: `${url}x` })).err,
		).toMatch(/^tollway: .*\n$/);
		await gateway.stop();
	},
);

const executable = needs.executable();

test.skipIf(executable === null)(
	"the executable makes and lists keys, too",
	async () => {
		const env = toEnv("executable");
		const program = [executable ?? ""];
		const made = await runKey(["create", "--alias", "exe"], env, program);
		expect(made.err).toBe("");
		expect(made.out).toMatch(/^sk-[\w-]{43}\n$/);
		for (const args of [
			["list"],
			["info", "exe"],
			["block", "exe"],
			["rotate", "exe"],
		]) {
			expect(await runKey(args, env, program)).toMatchObject({
				code: 0,
				err: "",
			});
		}
	},
);
