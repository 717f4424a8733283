/** Prices that were wrong: what calls cost by those of now is written behind them, and budgets count it. */
import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredEntry } from "../../src/store/entry-row.ts";
import { type BatchRig, masterKey, openBatchRig } from "../batch-rig.ts";
import { send } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { row } from "../pricing/own-rows.ts";
import { command } from "../rig.ts";

// The price file is looked at once a second, and programs are started.
setDefaultTimeout(60_000);

const sonnet = "claude-sonnet-5-5";
const engines = [
	{ name: "SQLite", can: true, share: async () => null },
	{
		name: "PostgreSQL",
		can: needs.postgres() !== null,
		share: sharePostgres,
	},
] as const;

const patienceMs = 20_000;

describe.each([...engines])("priced again on $name", ({ name, can, share }) => {
	const folder = mkdtempSync(join(tmpdir(), "tollway-reprice-"));
	const path = join(folder, "prices.json");
	const setPrices = (...models: object[]) =>
		writeFileSync(path, JSON.stringify({ models }));
	let rig: BatchRig;
	let first: StoredEntry;
	let budgeted: { readonly key: string; readonly token: string };
	let batch: readonly StoredEntry[];

	beforeAll(async () => {
		setPrices();
		if (!can) return;
		rig = await openBatchRig(await share(), { TOLLWAY_PRICES_FILE: path });
	});
	afterAll(async () => {
		await rig?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	const post = (body: object, key = masterKey, url = rig.url) =>
		send(url, {
			path: "/spend/reprice",
			headers: { authorization: `Bearer ${key}` },
			body: JSON.stringify(body),
		});
	const reprice = async (body: object) => {
		const reply = await post(body);
		const answer = await reply.json();
		expect({ status: reply.status, answer }).toMatchObject({ status: 200 });
		return answer;
	};
	/** Resolves with what would change when that is as it should be: the gateway has the prices of the file then. */
	const until = async (body: object, isIt: (answer: Answer) => boolean) => {
		const deadlineMs = performance.now() + patienceMs;
		for (;;) {
			const answer = (await reprice(body)) as Answer;
			if (isIt(answer)) return answer;
			if (performance.now() > deadlineMs) {
				throw new Error(`never: ${JSON.stringify(answer)}`);
			}
			await Bun.sleep(50);
		}
	};
	const call = (key: string) =>
		send(rig.url, { headers: { authorization: `Bearer ${key}` } });
	const callOnce = async (key: string): Promise<StoredEntry> => {
		const reply = await call(key);
		expect(reply.status).toBe(200);
		await reply.text();
		return rig.entryOf(reply.headers.get("x-litellm-call-id"));
	};
	const make = async (fields: object) =>
		(await rig.manage("/key/generate", fields)) as {
			key: string;
			token: string;
		};
	const corrections = async (id: string) =>
		(await rig.entries()).filter(({ corrects }) => corrects === id);
	const spendOf = async (token: string): Promise<number> => {
		const reply = await send(rig.url, {
			method: "GET",
			path: `/key/info?key=${token}`,
			headers: { authorization: `Bearer ${masterKey}` },
			body: null,
		});
		return (await reply.json()).info.spend;
	};

	let asked: { readonly ids: readonly string[] };
	let dearer = 0;

	test.skipIf(!can)(
		"while prices are what they were, nothing changes",
		async () => {
			first = await callOnce((await make({})).key);
			const { cost, held } = toNumbers(first);
			budgeted = await make({
				max_budget: (held + 5 * cost) / 1e9,
				budget_duration: "30d",
			});
			const { id } = await callOnce(budgeted.key);
			asked = { ids: [id] };
			batch = await rig.settled(await rig.create(9));
			expect(batch.length).toBeGreaterThan(1);
			const ids = [id, ...batch.map((one) => one.id)];
			const same = { looked_at: ids.length, changes: 0, kept: [] };
			expect(await reprice({ ids })).toMatchObject(same);
		},
	);

	test.skipIf(!can)("a call: told first, then written once", async () => {
		setPrices({ model: sonnet, prices: [row("1000")] });
		const told = await until(asked, ({ changes }) => changes === 1);
		const [id = ""] = asked.ids;
		expect(told).toMatchObject({
			dry_run: true,
			entries: [{ request_id: id, number: 1, price: sonnet }],
		});
		const { cost } = toNumbers(first);
		dearer = Math.round(Number(told.after.cost) * 1e9);
		expect(dearer).toBeGreaterThan(20 * cost);
		expect(await corrections(id)).toEqual([]);
		const done = await reprice({ ...asked, dry_run: false });
		expect(done).toEqual({ ...told, dry_run: false });
		const again = await reprice({ ...asked, dry_run: false });
		expect(again).toMatchObject({ changes: 0, entries: [] });
		const [correction] = await corrections(id);
		expect(correction).toMatchObject({
			kind: "correction",
			keyId: budgeted.token,
			state: "exact",
			input: 0,
			corrects: id,
		});
		expect(Number(correction?.cost)).toBe(dearer - cost);
		expect(await spendOf(budgeted.token)).toBeCloseTo(dearer / 1e9, 9);
	});

	test.skipIf(!can)(
		"a batch: request by request, as its rows have them",
		async () => {
			const ids = batch.map(({ id }) => id);
			const own = batch.find(({ servedModel }) => servedModel === sonnet);
			const { input = 0, output = 0 } = own ?? {};
			// Half of a thousand dollars for a million tokens.
			const wanted = (input + output) * 500_000;
			const { changes, after } = await reprice({ ids, dry_run: false });
			expect(changes).toBe(1);
			expect(Number(after.cost) * 1e9).toBeCloseTo(wanted, 0);
			const [correction] = await corrections(String(own?.id));
			expect(Number(correction?.cost)).toBe(wanted - Number(own?.cost));
			expect(correction?.startedMs).toBe(Number(own?.startedMs));
			expect(await reprice({ ids })).toMatchObject({ changes: 0 });
		},
	);

	// The command is the same on both.
	if (name === "SQLite") {
		test("tollway ledger reprice shows it, and writes with --yes; verify knows it", async () => {
			const before = (await rig.entries()).length;
			const shown = await run("reprice", "--model", sonnet);
			expect([shown.err, shown.code]).toEqual(["", 0]);
			expect(shown.out).toContain("1 would change: $0.00");
			expect(shown.out).toContain("--yes");
			expect((await rig.entries()).length).toBe(before);
			const json = await run("reprice", "--model", sonnet, "--json", "--yes");
			expect(JSON.parse(json.out)).toMatchObject({
				dry_run: false,
				changes: 1,
			});
			expect(await corrections(first.id)).toHaveLength(1);
			const verified = await run("verify");
			expect([verified.code, verified.err]).toEqual([0, ""]);
			const wrong = await run("reprice");
			expect([wrong.code, wrong.err.includes("--since")]).toEqual([2, true]);
		});
	}

	if (name === "PostgreSQL") {
		test.skipIf(!can)(
			"by two gateways at once: each call is corrected once",
			async () => {
				const other = await rig.another();
				const answers = await Promise.all(
					[rig.url, other.url].map(async (url) => {
						const reply = await post(
							{ model: sonnet, dry_run: false },
							masterKey,
							url,
						);
						return reply.json();
					}),
				);
				const changes = answers.map((answer) => Number(answer.changes));
				expect(changes.reduce((sum, one) => sum + one)).toBe(1);
				expect(await corrections(first.id)).toHaveLength(1);
			},
		);
	}

	test.skipIf(!can)(
		"a budget counts what the correction says, until it is taken back",
		async () => {
			setPrices();
			await until(asked, ({ changes }) => changes === 1);
			// By the old prices a call has room in the budget, but for what counts as spent.
			const refused = await call(budgeted.key);
			expect(refused.status).toBe(429);
			expect((await refused.json()).error.type).toBe("billing_error");
			const back = await reprice({ ...asked, dry_run: false });
			expect(back).toMatchObject({ changes: 1, entries: [{ number: 2 }] });
			const { cost } = toNumbers(first);
			const rows = await corrections(String(asked.ids[0]));
			expect(rows.map((one) => Number(one.cost))).toEqual([
				dearer - cost,
				cost - dearer,
			]);
			expect(await spendOf(budgeted.token)).toBeCloseTo(cost / 1e9, 9);
			expect((await call(budgeted.key)).status).toBe(200);
		},
	);

	/** With the settings of the gateway. */
	async function run(...args: string[]) {
		const child = Bun.spawn([...command, "ledger", ...args], {
			cwd: join(import.meta.dirname, "../.."),
			env: {
				PATH: process.env.PATH,
				HOME: folder,
				NO_PROXY: "*",
				...rig.env,
				TOLLWAY_MASTER_KEY: masterKey,
				TOLLWAY_PRICES_FILE: path,
				PORT: new URL(rig.url).port,
			},
			stdio: ["ignore", "pipe", "pipe"],
		});
		const [out, err] = await Promise.all([
			new Response(child.stdout).text(),
			new Response(child.stderr).text(),
		]);
		return { code: await child.exited, out, err };
	}

	test.skipIf(!can)("only operators may, and must say which", async () => {
		const { key } = await make({});
		expect((await post({ since: "2026-01-01" }, key)).status).toBe(403);
		for (const [body, param] of [
			[{}, "since"],
			[{ dry_run: false }, "since"],
			[{ since: "2026-02-30" }, "since"],
			[{ since: "2026-02-03", until: "2026-02-02" }, "until"],
			[{ ids: [] }, "ids"],
			[{ since: "2026-01-01", dry: false }, "dry"],
		] as const) {
			const reply = await post(body);
			const { error } = await reply.json();
			expect([reply.status, error.param]).toEqual([400, param]);
		}
	});
});

const toNumbers = ({ cost, held }: StoredEntry) => ({
	cost: Number(cost),
	held: Number(held),
});

interface Answer {
	readonly changes: number;
	readonly after: { readonly cost: string };
}
