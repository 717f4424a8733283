/** `tollway key list` */
import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { openRig, type Rig } from "../rig.ts";
import { masterKey, runKey, runKeyOnTerminal } from "./key-process.ts";

// Each command is a process that starts, and the machine may be busy.
setDefaultTimeout(60_000);

const patienceMs = 10_000;

let rig: Rig;
let env: Record<string, string>;

beforeAll(async () => {
	rig = await openRig({
		env: { TOLLWAY_MASTER_KEY: masterKey, TOLLWAY_DURABILITY: "off" },
	});
	env = { TOLLWAY_URL: rig.url };
});
afterAll(() => rig.stop());

async function generate(fields: object) {
	const reply = await fetch(`${rig.url}/key/generate`, {
		method: "POST",
		headers: {
			authorization: `Bearer ${masterKey}`,
			"content-type": "application/json",
		},
		body: JSON.stringify(fields),
	});
	expect(reply.status).toBe(200);
	return (await reply.json()) as { key: string; token: string };
}

const hostile = "\u202eevil\u200b\u2066";

describe("list", () => {
	test("none: nothing in a pipe, a way on for people", async () => {
		expect(await runKey(["list"], env)).toEqual({ code: 0, out: "", err: "" });
		expect((await runKey(["list", "--json"], env)).out).toBe("[]\n");
		const { out } = await runKeyOnTerminal(["list"], env);
		expect(out).toBe("There are no keys yet. tollway key create makes one.\n");
	});

	test("a table on a terminal, tabs in a pipe, JSON", async () => {
		const made = [
			await generate({ key_alias: "alice", user_id: "ada" }),
			await generate({ key_alias: "bob", blocked: true, max_budget: 1234.5 }),
			await generate({ duration: "1s", max_budget: 3, budget_duration: "30d" }),
			await generate({ key_alias: hostile }),
			await generate({ key_alias: "a".repeat(80) }),
		];
		const ends = made.map(({ key }) => `sk-...${key.slice(-4)}`);
		const readStates = async () =>
			(await runKey(["list"], env)).out
				.trimEnd()
				.split("\n")
				.map((line) => line.split("\t")[7]);
		const untilMs = performance.now() + patienceMs;
		while ((await readStates())[2] !== "expired") {
			expect(performance.now()).toBeLessThan(untilMs);
		}

		const { out } = await runKeyOnTerminal(["list"], env);
		const lines = out.split("\n");
		const [head = "", ...rows] = lines;
		// There is no team, so there is no column for it.
		expect(head.trim().split(/ {2,}/)).toEqual([
			"alias",
			"key",
			"user",
			"spend",
			"budget",
			"resets (UTC)",
			"state",
			"changed (UTC)",
		]);
		expect(rows.slice(0, 5).map((row) => row[0])).toEqual([
			..."✓✗!✓✓",
		] as string[]);
		const at = head.indexOf("key ");
		expect(rows.slice(0, 5).map((row) => row.slice(at, at + 10))).toEqual(ends);
		const state = head.indexOf("state");
		expect(
			rows.slice(0, 5).map((row) => row.slice(state).split(" ")[0]),
		).toEqual(["ok", "blocked", "expired", "ok", "ok"]);
		expect(rows[1]).toContain(" $1234.50 ");
		expect(rows[2]).toMatch(/ \$3\.00 \/ 30d {2}\d{4}-\d\d-01 00:00 /);
		expect(rows[3]).toContain("\\u202eevil\\u200b\\u2066");
		expect(rows[4]).toContain(`${"a".repeat(23)}…`);
		expect(out).toContain("\n  5 keys, $0 spent\n");
		expect(out).not.toMatch(/[^\P{C}\n]/u);

		const piped = await runKey(["list"], env);
		const cells = piped.out
			.trimEnd()
			.split("\n")
			.map((line) => line.split("\t"));
		expect(cells.map((row) => row.length)).toEqual([10, 10, 10, 10, 10]);
		expect(cells[1]).toEqual([
			"bob",
			ends[1] ?? "",
			"",
			"",
			"0",
			"1234.5",
			"",
			"blocked",
			expect.stringMatching(/^\d{4}-.*Z$/),
			made[1]?.token ?? "",
		]);
		expect(cells[4]?.[0]).toBe("a".repeat(80));

		const json = (await runKey(["list", "--json"], env)).out;
		expect(json).not.toMatch(/[^\P{C}\n]/u);
		const listed: { token: string; key_alias: string }[] = JSON.parse(json);
		expect(listed.map(({ token }) => token)).toEqual(
			made.map(({ token }) => token),
		);
		expect(listed[3]?.key_alias).toBe(hostile);
		for (const { key } of made)
			expect(out + piped.out + json).not.toContain(key);
	});

	test("two keys that end alike are not guessed at", async () => {
		const [a, b] = [`sk-${"a".repeat(20)}twin`, `sk-${"b".repeat(20)}twin`];
		await generate({ key: a });
		await generate({ key: b });
		const { code, err } = await runKey(["block", "sk-...twin"], env);
		expect(code).toBe(1);
		expect(err).toContain('2 keys are "sk-...twin". Name yours by its alias');
	});
});
