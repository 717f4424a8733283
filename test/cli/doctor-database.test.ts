import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "#platform";
import { runProgram } from "../../src/cli/program.ts";
import { takeLock } from "../../src/store/lock.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openFakeWorld } from "./fake-world.ts";

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tollway-doctor-"));
	chmodSync(folder, 0o700);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The row about the database, and whether all that was printed is without the password. */
async function examine(env: Record<string, string>) {
	const world = openFakeWorld({
		env: {
			PORT: "0",
			TOLLWAY_DATA_DIR: folder,
			TOLLWAY_UPSTREAM_URL: "http://127.0.0.1:1",
			...env,
		},
	});
	await runProgram(["doctor", "--json"], world);
	const text = world.stdout.text();
	const rows = text
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	const { status, message } = rows.find(({ check }) => check === "database");
	return { status, message, text };
}

/** A database of ours that a process has open. */
function openStore(path: string, pid: number) {
	const unlock = takeLock(path, { open: openDatabase, pid });
	const database = openDatabase(path);
	database.exec("PRAGMA journal_mode = WAL");
	database.exec("CREATE TABLE IF NOT EXISTS meta (name TEXT)");
	return {
		close: () => {
			database.close();
			unlock();
		},
	};
}

describe("a file", () => {
	const on = async (path: string, env: Record<string, string> = {}) => {
		const { status, message } = await examine({ DATABASE_URL: path, ...env });
		return [status, message.replaceAll(folder, "~")];
	};

	test("none yet, an empty one, one of ours", async () => {
		const path = join(folder, "my.db");
		expect(await on(path)).toEqual(["ok", "~/my.db will be created"]);
		expect(readdirSync(folder)).toEqual([]);
		writeFileSync(path, "");
		expect(await on(path)).toEqual(["ok", "~/my.db is readable and writable"]);
		openStore(path, 1).close();
		const before = readdirSync(folder);
		expect(await on(path)).toEqual(["ok", "~/my.db is readable and writable"]);
		expect(readdirSync(folder)).toEqual(before);
	});

	test("what cannot be one", async () => {
		writeFileSync(join(folder, "text"), "some text that is long enough");
		mkdirSync(join(folder, "sub"));
		expect(await on(join(folder, "text"))).toEqual([
			"failed",
			"~/text is not an SQLite database",
		]);
		expect(await on(join(folder, "sub"))).toEqual([
			"failed",
			"~/sub is not a file",
		]);
		expect(await on(join(folder, "text", "my.db"))).toEqual([
			"failed",
			"~/text/my.db: ~/text is not a folder",
		]);
	});

	test("in use: by the running gateway that is well, by another not", async () => {
		const path = join(folder, "my.db");
		const store = openStore(path, 4711);
		const gateway = Bun.serve({ port: 0, fetch: () => new Response("ok") });
		try {
			expect(await on(path)).toEqual([
				"failed",
				"~/my.db is in use by process 4711",
			]);
			expect(await on(path, { PORT: String(gateway.port) })).toEqual([
				"ok",
				"~/my.db is in use by the running gateway",
			]);
		} finally {
			store.close();
			await gateway.stop(true);
		}
	});

	test("the name that a crash left behind is not believed", async () => {
		const path = join(folder, "my.db");
		openStore(path, 1).close();
		writeFileSync(`${path}.owner`, "4711");
		expect(await on(path)).toEqual(["ok", "~/my.db is readable and writable"]);
	});
});

const postgres = needs.postgres() && (await sharePostgres());

describe.skipIf(!postgres)("a server", () => {
	const url = () => postgres?.url("postgres") ?? "";
	const bare = () => url().replace(`:${postgres?.password}@`, "@");

	test("that answers, by network and by socket", async () => {
		const { status, message, text } = await examine({ DATABASE_URL: url() });
		expect([status, message]).toEqual([
			"ok",
			`${bare()}: the server answers, without TLS`,
		]);
		expect(text).not.toContain(String(postgres?.password));
		const socket = `${url()}?host=${postgres?.socketFolder}`;
		expect(await examine({ DATABASE_URL: socket })).toMatchObject({
			status: "ok",
			message: expect.stringContaining("the server answers"),
		});
	});

	test("without the TLS that is asked for", async () => {
		const strict = `${url()}?sslmode=require`;
		expect(await examine({ DATABASE_URL: strict })).toMatchObject({
			status: "failed",
			message: `${bare()}: the server has no TLS, which is asked for`,
		});
	});
});

describe("no server", () => {
	async function onPort(answer: string | null) {
		const server = createServer((socket) => {
			socket.once("data", () => socket.end(answer ?? ""));
		});
		await new Promise<void>((resolve) =>
			server.listen({ host: "127.0.0.1", port: 0 }, resolve),
		);
		const { port } = server.address() as { port: number };
		const stop = () => new Promise((resolve) => server.close(resolve));
		if (answer === null) await stop();
		const name = `127.0.0.1:${port}/d`;
		const found = await examine({
			DATABASE_URL: `postgresql://u:secretpw@${name}`,
		});
		if (answer !== null) await stop();
		expect(found.text).not.toContain("secretpw");
		return [found.status, found.message.replace(name, "…")];
	}

	test.each([
		[null, "postgresql://u@… is not reached: nothing listens there"],
		[
			"HTTP/1.1 400\r\n",
			"postgresql://u@…: what answers there is not PostgreSQL",
		],
		["SSH-2.0-x\r\n", "postgresql://u@…: what answers there is not PostgreSQL"],
		["", "postgresql://u@…: what answers there is not PostgreSQL"],
	])("%j: %s", async (answer, message) => {
		expect(await onPort(answer)).toEqual(["failed", message]);
	});

	test("no such socket", async () => {
		const found = await examine({
			DATABASE_URL: `postgresql://u@/d?host=${folder}`,
		});
		expect(found.status).toBe("failed");
		expect(found.message).toEndWith("there is no such socket");
	});
});
