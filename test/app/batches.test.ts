/** What batches come to: read from their results, by whoever is there, and once. */
import { afterEach, describe, expect, test } from "bun:test";
import { models, toCosts } from "../../scripts/soak/batch-truth.ts";
import type { Script } from "../../src/simulator/script.ts";
import { type BatchRig, openBatchRig } from "../batch-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";

const limitMs = 60_000;

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const undo of cleanUp.splice(0).reverse()) await undo();
});

const engines = [
	{ engine: "a file", open: async () => null },
	{
		engine: "PostgreSQL",
		open: async () => (needs.postgres() ? await sharePostgres() : null),
	},
].filter(({ engine }) => engine === "a file" || needs.postgres());

async function openOn(
	open: () => Promise<Awaited<ReturnType<typeof sharePostgres>> | null>,
	env: Readonly<Record<string, string>> = {},
): Promise<BatchRig> {
	const rig = await openBatchRig(await open(), env);
	cleanUp.push(rig.stop);
	return rig;
}

/** Each model's cost by the ledger. */
const costsOf = (entries: Awaited<ReturnType<BatchRig["settled"]>>) =>
	Object.fromEntries(
		entries.map(({ servedModel, cost }) => [
			String(servedModel),
			BigInt(cost ?? 0),
		]),
	);

describe.each(engines)("in $engine", ({ open }) => {
	test(
		"a batch is charged by its results, each model by itself, to whoever made it",
		async () => {
			const rig = await openOn(open);
			const { key, token } = await rig.manage("/key/generate", {
				user_id: "ada",
				allowed_routes: ["/v1/messages/batches", "/v1/messages/batches/*"],
				tags: ["night"],
			});
			const id = await rig.create(30, { key: String(key) });
			const entries = await rig.settled(id);
			const downloads: string[] = [];
			for (let at = 0; at < 5; at++) {
				const reply = await rig.results(id, { key: String(key) });
				downloads.push(await reply.text());
			}
			expect(new Set(downloads).size).toBe(1);
			expect(entries.map((entry) => entry.id)).toEqual([
				`${id}_batch_cost`,
				`${id}_batch_cost_2`,
				`${id}_batch_cost_3`,
			]);
			expect(entries.map(({ servedModel }) => String(servedModel))).toEqual(
				[...models].sort(),
			);
			expect(costsOf(entries)).toEqual(toCosts(downloads[0] ?? ""));
			for (const entry of entries) {
				expect(entry).toMatchObject({
					state: "exact",
					payer: "operator",
					keyId: token,
					userId: "ada",
					tags: ["night"],
					serviceTier: "batch",
					family: "batches",
				});
				expect(JSON.parse(entry.metadata ?? "")).toMatchObject({
					batch_id: id,
					batch_requests: 10,
				});
			}
			// Neither the calls themselves nor the downloads cost anything.
			const calls = (await rig.entries()).filter(({ kind }) => kind === "call");
			expect(calls.every(({ cost }) => Number(cost) === 0)).toBe(true);
			expect(await rig.batchEntries()).toHaveLength(3);
		},
		limitMs,
	);

	test(
		"what failed, was cancelled or came too late costs nothing",
		async () => {
			const rig = await openOn(open);
			const script = {
				batch_outcomes: {
					"request-0": "errored",
					"request-1": "canceled",
					"request-2": "expired",
				},
			} as const;
			const id = await rig.create(4, { script });
			const entries = await rig.settled(id);
			expect(costsOf(entries)).toEqual(
				toCosts(await (await rig.results(id)).text()),
			);
			expect(entries).toHaveLength(1);
			const [row] = await rig.read("SELECT count(*) FROM @batch_items");
			expect(Number(row?.[0])).toBe(1);
			const outcomes = { "request-0": "expired" } as const;
			const none = await rig.create(1, {
				script: { batch_outcomes: outcomes },
			});
			expect(await rig.settled(none)).toHaveLength(0);
		},
		limitMs,
	);

	const manyItems = 2_600;

	/** Where the gateway is when it is killed: what upstream is told to do, and how it is seen. */
	const moments: readonly {
		readonly moment: string;
		readonly script?: { readonly path: RegExp; readonly script: Script };
		readonly sees: (rig: BatchRig, id: string) => Promise<unknown>;
	}[] = [
		{
			moment: "nobody has asked after it yet",
			sees: async () => {},
		},
		{
			moment: "upstream is being asked",
			script: { path: /batches\/msgbatch_\w+$/, script: { silent: true } },
			sees: (rig, id) => seesRequest(rig, id),
		},
		{
			moment: "its results are asked for",
			script: { path: /results$/, script: { silent: true } },
			sees: (rig, id) => seesRequest(rig, `${id}/results`),
		},
		{
			moment: "some of its results are written down",
			sees: (rig, id) =>
				rig.until(`SELECT 1 FROM @batch_items WHERE batch = '${id}'`),
		},
		{
			moment: "its results broke off",
			script: { path: /results$/, script: { truncate: "mid_body" } },
			sees: (rig, id) =>
				rig.until(`SELECT 1 FROM @batches WHERE id = '${id}' AND tries > 4`),
		},
		{
			moment: "the first of its Entries is there",
			sees: (rig, id) =>
				rig.until(`SELECT 1 FROM @entries WHERE id = '${id}_batch_cost'`),
		},
	];

	test.each(moments)(
		"killed when $moment, it is charged once",
		async ({ script, sees }) => {
			const rig = await openOn(open);
			const unscript =
				script &&
				rig.simulator.script(({ method, target }) =>
					method === "GET" && script.path.test(target)
						? script.script
						: undefined,
				);
			const id = await rig.create(manyItems);
			await sees(rig, id);
			await rig.gateway.stop("SIGKILL");
			unscript?.();
			const { url } = await rig.another();
			const entries = await rig.settled(id);
			const results = await (await rig.results(id, { url })).text();
			expect(costsOf(entries)).toEqual(toCosts(results));
			expect(await rig.batchEntries()).toHaveLength(models.length);
			const [row] = await rig.read("SELECT count(*) FROM @batch_items");
			expect(Number(row?.[0])).toBe(manyItems);
		},
		limitMs,
	);

	test(
		"a batch that upstream does not know any more is charged for its prompts, as an estimate",
		async () => {
			const rig = await openOn(open);
			const id = await rig.create(3, { script: { batch_polls: 1_000 } });
			rig.simulator.reset();
			const [entry, ...others] = await rig.settled(id);
			expect(others).toEqual([]);
			expect(entry).toMatchObject({ id: `${id}_batch_cost` });
			expect(JSON.parse(entry?.metadata ?? "")).toMatchObject({
				batch_id: id,
				cost_notes: ["batch_gone"],
			});
			expect(await rig.read("SELECT state, due_at FROM @batches")).toEqual([
				["gone", null],
			]);
		},
		limitMs,
	);

	test(
		"a batch that upstream does not know for a moment is not given up",
		async () => {
			const rig = await openOn(open);
			const unscript = rig.simulator.script(({ method }) =>
				method === "GET" ? { error: { status: 404 } } : undefined,
			);
			const id = await rig.create(3);
			await rig.until("SELECT 1 FROM @batches WHERE state = 'missing'");
			unscript();
			expect(await rig.settled(id)).toHaveLength(3);
			expect(await rig.read("SELECT state FROM @batches")).toEqual([
				["settled"],
			]);
		},
		limitMs,
	);

	test(
		"a model without a price is charged at its dearest",
		async () => {
			const rig = await openOn(open);
			const message = { model: "claude-of-tomorrow-9" };
			const id = await rig.create(3, { script: { message } });
			const [entry, ...others] = await rig.settled(id);
			expect(others).toEqual([]);
			expect(entry).toMatchObject({
				servedModel: message.model,
				state: "estimated",
			});
			expect(Number(entry?.cost)).toBeGreaterThan(0);
			const notes = JSON.parse(entry?.metadata ?? "").cost_notes;
			expect(notes).toContain("unknown_model");
		},
		limitMs,
	);

	test(
		"a budget holds a batch from its creation, through a restart, until it is known what it came to",
		async () => {
			const rig = await openOn(open);
			const allowed_routes = ["/v1/messages/batches", "/v1/messages/batches/*"];
			const of = { allowed_routes, max_budget: 0.05 };
			const { key: made } = await rig.manage("/key/generate", of);
			const key = String(made);
			const tooLarge = await rig.ask(2_000, { key });
			expect(tooLarge).toMatchObject({
				status: 429,
				error: { type: "billing_error" },
			});
			expect(rig.simulator.record.all()).toHaveLength(0);
			const script = { batch_polls: 1_000_000 };
			const id = await rig.create(100, { key, script });
			const held = Number(
				(await rig.read("SELECT held FROM @batches"))[0]?.[0],
			);
			// Its output at half of the list price alone.
			expect(held).toBeGreaterThan(100 * 20 * 5_000 * 0.5);
			expect(await rig.ask(100, { key })).toMatchObject({
				status: 429,
				error: { type: "rate_limit_error" },
			});
			await rig.gateway.stop("SIGKILL");
			const { url } = await rig.another();
			expect(await rig.ask(100, { key, url })).toMatchObject({
				status: 429,
				error: { type: "rate_limit_error" },
			});
			await rig.cancel(id, url);
			await rig.settled(id);
			// Nothing of it succeeded: all that it held is free again.
			const next = await rig.create(100, { key, url });
			const entries = await rig.settled(next);
			const cost = entries.reduce((sum, one) => sum + Number(one.cost), 0);
			expect(cost).toBeGreaterThan(0);
			expect(entries[0]).toMatchObject({ held: BigInt(held) });
			// What it came to is used up, and no more.
			const { error } = await rig.ask(2_000, { key, url });
			expect(error.message).toContain(
				`$${(cost / 1e9).toFixed(4)}`.slice(0, 6),
			);
		},
		limitMs,
	);

	test(
		"a batch that streams is held to a budget before upstream has all of it",
		async () => {
			const rig = await openOn(open);
			const of = { allowed_routes: ["/v1/messages/batches"], max_budget: 0.05 };
			const { key } = await rig.manage("/key/generate", of);
			const asked = { key: String(key), streams: true };
			expect(await rig.ask(2_000, asked)).toMatchObject({
				status: 429,
				error: { type: "billing_error" },
			});
			expect(await rig.read("SELECT id FROM @batches")).toEqual([]);
			expect(await rig.ask(10, asked)).toMatchObject({ status: 200 });
			const [row] = await rig.read("SELECT held FROM @batches");
			expect(Number(row?.[0])).toBeGreaterThan(0);
		},
		limitMs,
	);

	test(
		"a batch is deleted after it is charged",
		async () => {
			const rig = await openOn(open, { TOLLWAY_BATCH_POLL: "400ms" });
			const id = await rig.create(3, { script: { batch_polls: 0 } });
			// Upstream has ended it, and nobody has asked yet.
			await rig.status(id);
			expect(await rig.remove(id)).toBe(200);
			expect(await rig.settled(id)).toHaveLength(3);
			const running = await rig.create(3, { script: { batch_polls: 1_000 } });
			expect(await rig.remove(running)).toBe(400);
		},
		limitMs,
	);

	test(
		"a budget for one model holds a batch that names it",
		async () => {
			const rig = await openOn(open);
			const { key } = await rig.manage("/key/generate", {
				allowed_routes: ["/v1/messages/batches"],
				model_max_budget: {
					"claude-opus-5": { budget_limit: 0.0001, time_period: "1d" },
				},
			});
			const asked = { key: String(key) };
			expect(await rig.ask(1, asked)).toMatchObject({ status: 200 });
			expect(await rig.ask(3, asked)).toMatchObject({
				status: 429,
				error: { type: "billing_error" },
			});
		},
		limitMs,
	);
});

if (needs.postgres()) {
	test(
		"two processes that both think a batch is theirs charge it once",
		async () => {
			const rig = await openOn(() => sharePostgres());
			// Each download is slow, the second more so: the first ends when its batch is another's already.
			const delays = [1_000, 2_500];
			rig.simulator.script(({ method, target }) =>
				method === "GET" && target.endsWith("/results")
					? { delay_ms: delays.shift() ?? 0 }
					: undefined,
			);
			await rig.another();
			const count = 1_300;
			const id = await rig.create(count);
			await seesRequest(rig, `${id}/results`);
			await rig.read(
				`UPDATE @batches SET lease_until = 0 WHERE id = '${id}' RETURNING id`,
			);
			// The first has written all of it, and the second is not done yet.
			await rig.until(
				`SELECT 1 FROM @entries, @batches b WHERE b.state = 'open' AND @entries.id = '${id}_batch_cost_3'`,
			);
			expect(delays).toEqual([]);
			const entries = await rig.settled(id);
			const results = await (await rig.results(id)).text();
			expect(costsOf(entries)).toEqual(toCosts(results));
			const [row] = await rig.read("SELECT count(*) FROM @batch_items");
			expect(Number(row?.[0])).toBe(count);
			expect(await rig.batchEntries()).toHaveLength(models.length);
			const sum = entries.reduce(
				(all, { cost }) => all + BigInt(cost ?? 0),
				0n,
			);
			const [summed] = await rig.read(
				"SELECT sum(cost)::text FROM @rollups WHERE dimension = 'global'",
			);
			expect(BigInt(summed?.[0] ?? 0)).toBe(sum);
		},
		2 * limitMs,
	);
}

async function seesRequest(rig: BatchRig, tail: string) {
	await rig.simulator.record.waitFor(({ received }) =>
		received.target.endsWith(tail),
	);
}
