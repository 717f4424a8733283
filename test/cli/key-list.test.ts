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

	describe("some", () => {
		let made: { key: string; token: string }[];
		const toEnd = ({ key }: { key: string }) => `sk-...${key.slice(-4)}`;
		const readCells = async () =>
			(await runKey(["list"], env)).out
				.trimEnd()
				.split("\n")
				.map((line) => line.split("\t"));

		beforeAll(async () => {
			made = [
				await generate({ key_alias: "alice", user_id: "ada" }),
				await generate({ key_alias: "bob", blocked: true, max_budget: 1234.5 }),
				await generate({
					duration: "1s",
					max_budget: 3,
					budget_duration: "30d",
				}),
				await generate({ key_alias: hostile }),
				await generate({ key_alias: "a".repeat(80) }),
			];
			const untilMs = performance.now() + patienceMs;
			while ((await readCells())[2]?.[7] !== "expired") {
				expect(performance.now()).toBeLessThan(untilMs);
			}
		});

		test("a table on a terminal", async () => {
			const { out } = await runKeyOnTerminal(["list"], env);
			const [head = "", ...lines] = out.split("\n");
			const rows = lines.slice(0, made.length);
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
			expect(rows.map((row) => row[0]).join("")).toBe("✓✗!✓✓");
			const cut = (title: string) => {
				const at = head.indexOf(title);
				return rows.map((row) => row.slice(at).split(" ")[0]);
			};
			expect(cut("key ")).toEqual(made.map(toEnd));
			expect(cut("state")).toEqual(["ok", "blocked", "expired", "ok", "ok"]);
			expect(rows[1]).toContain(" $1234.50 ");
			expect(rows[2]).toMatch(/ \$3\.00 \/ 30d {2}\d{4}-\d\d-01 00:00 /);
			expect(rows[3]).toContain("\\u202eevil\\u200b\\u2066");
			expect(rows[4]).toContain(`${"a".repeat(23)}…`);
			expect(out).toContain("\n  5 keys, $0 spent\n");
			expect(out).not.toMatch(/[^\P{C}\n]/u);
			for (const { key } of made) expect(out).not.toContain(key);
		});

		test("tabs in a pipe", async () => {
			const cells = await readCells();
			expect(cells.map((row) => row.length)).toEqual(made.map(() => 10));
			expect(cells[1]).toEqual([
				"bob",
				...made.slice(1, 2).map(toEnd),
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
			for (const { key } of made) expect(cells.join()).not.toContain(key);
		});

		test("--json: the API's rows, with nothing hostile in them", async () => {
			const { out } = await runKey(["list", "--json"], env);
			expect(out).not.toMatch(/[^\P{C}\n]/u);
			const listed: { token: string; key_alias: string }[] = JSON.parse(out);
			expect(listed.map(({ token }) => token)).toEqual(
				made.map(({ token }) => token),
			);
			expect(listed[3]?.key_alias).toBe(hostile);
			for (const { key } of made) expect(out).not.toContain(key);
		});
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
