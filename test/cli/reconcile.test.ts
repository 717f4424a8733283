/** `tollway reconcile` beside a running gateway. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { clock } from "../../src/platform/bun.ts";
import { type LedgerRig, openLedgerRig, readAll, send } from "../ledger-rig.ts";
import { command, upstreamKey } from "../rig.ts";
import { openFakeWorld } from "./fake-world.ts";

// Programs are started, on a machine that may be busy.
setDefaultTimeout(60_000);

const adminKey = "sk-ant-admin01-of-the-command-0123456789";
const toDate = (ms: number) => new Date(ms).toISOString().slice(0, 10);

let rig: LedgerRig;
let span: string[];
beforeAll(async () => {
	rig = await openLedgerRig({
		env: { ANTHROPIC_ADMIN_KEY: adminKey },
		simulator: { clock, adminKeys: [adminKey] },
	});
	const nowMs = clock.now();
	// It may be midnight.
	span = ["--since", toDate(nowMs - 86_400_000), "--until", toDate(nowMs)];
	await readAll(await send(rig.url, { script: { scenario: "cache_mix" } }));
	await rig.waitForEntries(1);
});
afterAll(() => rig?.stop());

async function run(args: readonly string[], isTty = false) {
	const world = openFakeWorld({ isTty, clock, env: { NO_COLOR: "1" } });
	const code = await runProgram(
		["reconcile", "--url", rig.url, ...args],
		world,
	);
	const [out, err] = [world.stdout.text(), world.stderr.text()];
	expect(out + err).not.toContain(adminKey);
	return { code, out, err };
}

const goPast = async () => {
	const headers = { "x-api-key": upstreamKey };
	const usage = { input_tokens: 1_000, output_tokens: 100 };
	const script = { message: { usage } };
	await readAll(await send(rig.simulator.url, { headers, script }));
};

test("as its own process: JSON in a pipe, 0 when both agree", async () => {
	const child = Bun.spawn(
		[...command, "reconcile", "--url", rig.url, ...span],
		{
			cwd: join(import.meta.dirname, "../.."),
			env: { PATH: process.env.PATH, HOME: "/nonexistent" },
			stdout: "pipe",
			stderr: "pipe",
		},
	);
	const [out, err, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	expect({ code, err }).toEqual({ code: 0, err: "" });
	const { ok, rows } = JSON.parse(out);
	expect(ok).toBe(true);
	expect(rows).toMatchObject([
		{
			model: "claude-sonnet-5-5",
			cause: "none",
			ledger: { calls: 1, cents: "1.3", cache_write_1h_tokens: 500 },
			upstream: { cents: "1.3", cache_write_1h_tokens: 500 },
		},
	]);
});

test("a table on a terminal says that they agree", async () => {
	const { code, out } = await run(span, true);
	expect(code).toBe(0);
	expect(out).toContain("ledger 1.3 ¢, Anthropic 1.3 ¢, drift 0 ¢");
	expect(out).toContain("1 of 1 days of a model agree");
});

test("traffic that went past the gateway: 1, in every form", async () => {
	await goPast();
	const table = await run(span, true);
	expect(table.code).toBe(1);
	expect(table.out).toMatch(
		/claude-sonnet-5-5 +1\.3 ¢ +1\.6 ¢ +0\.3 ¢ +foreign +\+1000 input, \+100 output/,
	);
	const metrics = await run([...span, "--format", "prometheus"], true);
	expect(metrics.code).toBe(1);
	expect(metrics.out.split("\n")).toEqual(
		expect.arrayContaining([
			"# TYPE tollway_reconcile_ok gauge",
			"tollway_reconcile_ok 0",
			'tollway_reconcile_drift_dollars{model="claude-sonnet-5-5",cause="foreign"} 0.003',
			'tollway_reconcile_drift_tokens{model="claude-sonnet-5-5",cause="foreign",kind="input"} 1000',
			'tollway_reconcile_drifting{cause="foreign"} 1',
			'tollway_reconcile_ledger_dollars{model="claude-sonnet-5-5"} 0.013',
		]),
	);
	const json = await run([...span, "--json"], true);
	expect(json.code).toBe(1);
	expect(JSON.parse(json.out).causes.foreign).toMatchObject({
		rows: 1,
		cents: "0.3",
	});
	const tolerant = await run([...span, "--token-tolerance", "1000"]);
	expect(tolerant.code).toBe(0);
});

const refused = [
	["--since", "soon", "expected a day such as 2026-11-22"],
	["--since", "2026-02-30", "expected a day such as 2026-11-22"],
	["--until", "2999-01-01", "end_date: it must not be after today (UTC)."],
	["--since", "2026-01-01", "at most 92 days"],
	["--tolerance", "much", "expected a number of cents such as 1 or 0.5"],
	["--format", "xml", "expected table, json or prometheus"],
] as const;

test.each([...refused])(
	"%s %s: 2, and one sentence",
	async (flag, value, why) => {
		const { code, out, err } = await run([flag, value]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(why);
		expect(err.trim().split("\n")).toHaveLength(1);
	},
);

test("a refused admin key: 2, whose it is and what to do", async () => {
	const undo = rig.simulator.script(({ target }) =>
		target.startsWith("/v1/organizations/")
			? { error: { type: "authentication_error" } }
			: undefined,
	);
	const { code, out, err } = await run(span);
	undo();
	expect({ code, out }).toEqual({ code: 2, out: "" });
	expect(err).toContain("the key in the gateway's ANTHROPIC_ADMIN_KEY");
	expect(err).toContain("an admin makes it in the Console");
});

test("the reports' key is shown masked, and goes to no other route", async () => {
	const world = openFakeWorld({ env: { ANTHROPIC_ADMIN_KEY: adminKey } });
	await runProgram(["config", "--json"], world);
	const shown = world.stdout.text();
	expect(shown).toContain("ANTHROPIC_ADMIN_KEY");
	expect(shown).not.toContain(adminKey);
	const targets = rig.simulator.record
		.all()
		.flatMap(({ received }) =>
			received.rawHeaders.includes(adminKey)
				? [received.target.split("?")[0]]
				: [],
		);
	expect([...new Set(targets)].sort()).toEqual([
		"/v1/organizations/cost_report",
		"/v1/organizations/usage_report/messages",
	]);
});
