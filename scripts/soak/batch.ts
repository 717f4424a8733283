/** A large batch of three models, with the gateway killed again and again and the results downloaded five times: charged once. */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRandom } from "../../src/simulator/seeded.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { models, toCosts, toRequests } from "./batch-truth.ts";
import { type Figure, type SoakContext, toNone } from "./figure.ts";
import { type Started, startGateway } from "./rig.ts";
import { becomesTrue, sleep } from "./wait.ts";

export interface BatchSize {
	readonly items: number;
	/** At random moments, the first within so long of the creation, each next within so long of the start. */
	readonly kills: number;
	readonly withinMs: number;
	readonly downloads: number;
}

export const batchSizes = {
	full: { items: 10_000, kills: 3, withinMs: 1_500, downloads: 5 },
	quick: { items: 600, kills: 2, withinMs: 400, downloads: 2 },
} as const satisfies Record<string, BatchSize>;

const masterKey = "sk-master-of-the-soak";
const settleWithinMs = 120_000;
/** One for each model. */
const entries = BigInt(models.length);

interface Scene {
	readonly folder: string;
	readonly upstreamUrl: string;
	readonly context: SoakContext;
	gateway: Started;
}

export async function soakBatch(
	context: SoakContext,
	size: BatchSize,
): Promise<Figure[]> {
	const folder = mkdtempSync(join(tmpdir(), "tollway-soak-batch-"));
	const record = { maxBodyBytes: 0, maxExchanges: 100 };
	const simulator = await openSimulator({ record });
	const upstreamUrl = simulator.url;
	const gateway = await start({ folder, upstreamUrl, context });
	const scene: Scene = { folder, upstreamUrl, context, gateway };
	try {
		return await runBatch(scene, size);
	} finally {
		await scene.gateway.stop();
		await simulator.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

const start = ({ folder, upstreamUrl, context }: Omit<Scene, "gateway">) =>
	startGateway(context, upstreamUrl, {
		TOLLWAY_MASTER_KEY: masterKey,
		TOLLWAY_DATA_DIR: folder,
		TOLLWAY_BATCH_POLL: "20ms",
	});

async function runBatch(scene: Scene, size: BatchSize): Promise<Figure[]> {
	const { context } = scene;
	const random = openRandom(context.seed);
	const key = await makeKey(scene);
	const startMs = performance.now();
	const id = await create(scene, key, size.items);
	let downloaded = 0;
	const bodies = new Set<string>();
	const download = async () => {
		const body = await readResults(scene, key, id);
		if (body === null) return;
		downloaded += 1;
		bodies.add(body);
	};
	for (let kill = 1; kill <= size.kills; kill++) {
		await sleep(random() % size.withinMs);
		void download();
		await scene.gateway.stop();
		context.progress(`killed ${kill} of ${size.kills} times`);
		scene.gateway = await start(scene);
	}
	const state = openState(scene.folder);
	try {
		const isSettled = await becomesTrue(
			() => state.batch(id) === "settled",
			settleWithinMs,
		);
		while (downloaded < size.downloads) await download();
		const seconds = (performance.now() - startMs) / 1_000;
		const [results = ""] = bodies;
		const spent = sum(Object.values(toCosts(results)));
		const off = (name: string, found: bigint, wanted: bigint) =>
			toNone(name, Math.abs(Number(found - wanted)));
		const { items } = size;
		const held = state.held(id);
		return [
			toNone("not settled in two minutes", isSettled ? 0 : 1),
			toNone("downloads that differ", Math.abs(bodies.size - 1)),
			off("Entries too many or too few", state.entries(id), entries),
			off("items too many or too few", state.items(id), BigInt(items)),
			off("ledger against results, nano-dollars", state.cost(id), spent),
			...["key", "user", "team", "tag"].map((subject) =>
				off(
					`${subject} against results, nano-dollars`,
					state.sum(subject),
					spent,
				),
			),
			toNone(
				"refused although its hold is over",
				await isRefused(scene, key, { items, held, spent }),
			),
			{ name: "took", value: seconds, unit: "s" },
		];
	} finally {
		state.close();
	}
}

const sum = (amounts: readonly bigint[]) =>
	amounts.reduce((all, one) => all + one, 0n);

/** Whose it is: a key, a user, a team and a tag. */
async function makeKey(scene: Scene): Promise<string> {
	await manage(scene, "/team/new", { team_id: "night" });
	await manage(scene, "/user/new", { user_id: "ada", auto_create_key: false });
	const made = await manage(scene, "/key/generate", {
		team_id: "night",
		user_id: "ada",
		tags: ["soak"],
	});
	return String(made.key);
}

async function manage(
	{ gateway, context }: Scene,
	path: string,
	body: object,
): Promise<Record<string, unknown>> {
	const reply = await fetch(gateway.url + path, {
		method: "POST",
		headers: { authorization: `Bearer ${masterKey}` },
		body: JSON.stringify(body),
		signal: context.signal,
		proxy: "",
	});
	if (!reply.ok) throw new Error(`${path}: ${await reply.text()}`);
	return (await reply.json()) as Record<string, unknown>;
}

const path = "/anthropic/v1/messages/batches";

const post = ({ gateway, context }: Scene, key: string, items: number) =>
	fetch(gateway.url + path, {
		method: "POST",
		headers: { authorization: `Bearer ${key}` },
		body: JSON.stringify({ requests: toRequests(items) }),
		signal: context.signal,
		proxy: "",
	});

async function create(scene: Scene, key: string, items: number) {
	const reply = await post(scene, key, items);
	const body = (await reply.json()) as { id?: string };
	if (body.id === undefined) throw new Error(JSON.stringify(body));
	return body.id;
}

/** Null: it has not ended, or the gateway was killed meanwhile. */
async function readResults(scene: Scene, key: string, id: string) {
	const { gateway, context } = scene;
	try {
		const reply = await fetch(`${gateway.url}${path}/${id}/results`, {
			headers: { authorization: `Bearer ${key}` },
			signal: context.signal,
			proxy: "",
		});
		const text = await reply.text();
		return reply.status === 200 ? text : null;
	} catch (error) {
		if (context.signal.aborted) throw error;
		return null;
	}
}

/** 1: another batch is refused although the key's budget has room for what it holds, and not for what the first held besides. */
async function isRefused(
	scene: Scene,
	key: string,
	{ items, held, spent }: { items: number; held: bigint; spent: bigint },
): Promise<number> {
	const room = spent + held + held / 2n;
	await manage(scene, "/key/update", { key, max_budget: Number(room) / 1e9 });
	const reply = await post(scene, key, items);
	await reply.bytes();
	return reply.status === 200 ? 0 : 1;
}

/** What stands in the database, read beside the gateway. */
function openState(folder: string) {
	const database = new Database(join(folder, "tollway.db"), { readonly: true });
	database.exec("PRAGMA busy_timeout = 5000");
	const value = (sql: string, ...values: string[]) =>
		database.query<{ value: unknown }, string[]>(sql).get(...values)?.value;
	const count = (sql: string, ...values: string[]) =>
		BigInt(Number(value(sql, ...values) ?? 0));
	return {
		batch: (id: string) =>
			value("SELECT state AS value FROM batches WHERE id = ?", id),
		held: (id: string) =>
			count("SELECT held AS value FROM batches WHERE id = ?", id),
		items: (id: string) =>
			count("SELECT count(*) AS value FROM batch_items WHERE batch = ?", id),
		entries: (id: string) =>
			count("SELECT count(*) AS value FROM entries WHERE id LIKE ?", `${id}%`),
		cost: (id: string) =>
			count("SELECT sum(cost) AS value FROM entries WHERE id LIKE ?", `${id}%`),
		/** Of all there is of a dimension. */
		sum: (dimension: string) =>
			count(
				"SELECT sum(cost) AS value FROM rollups WHERE dimension = ?",
				dimension,
			),
		close: () => database.close(),
	};
}
