/** Gateways as processes on one PostgreSQL server: its failures and theirs. */
import { afterEach, describe, expect, test } from "bun:test";
import { needs } from "../needs.ts";
import { openPostgres, type Postgres } from "../postgres.ts";
import {
	type GatewayProcess,
	openRig,
	startGateway,
	upstreamKey,
} from "../rig.ts";

const patienceMs = 25_000;
const pollMs = 20;
const limitMs = 60_000;

const programs = needs.postgres();

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function waitFor(holds: () => Promise<boolean>) {
	const deadlineMs = performance.now() + patienceMs;
	while (!(await holds())) {
		if (performance.now() > deadlineMs) throw new Error("it did not happen");
		await Bun.sleep(pollMs);
	}
}

async function openServer(): Promise<Postgres> {
	const postgres = await openPostgres();
	cleanUp.push(postgres.stop);
	await postgres.createDatabase("ledger");
	return postgres;
}

async function openOn(postgres: Postgres) {
	const env = { DATABASE_URL: postgres.url("ledger") };
	const rig = await openRig({ env });
	cleanUp.push(rig.stop);
	return {
		...rig,
		another: async (): Promise<GatewayProcess> => {
			const gateway = await startGateway({
				...env,
				ANTHROPIC_API_KEY: upstreamKey,
				TOLLWAY_UPSTREAM_URL: rig.simulator.url,
			});
			cleanUp.push(() => gateway.stop("SIGKILL"));
			return gateway;
		},
	};
}

const call = (url: string, script: object = {}, stream = false, key = "any") =>
	fetch(`${url}/v1/messages`, {
		method: "POST",
		headers: {
			authorization: `Bearer ${key}`,
			"anthropic-version": "2023-06-01",
			"x-simulator-script": JSON.stringify(script),
		},
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 50,
			stream,
			messages: [{ role: "user", content: "hi" }],
		}),
	});

const status = async (url: string) => {
	const reply = await call(url);
	await reply.bytes();
	return reply.status;
};

const toRows = (text: string) =>
	text === "" ? [] : text.split("\n").map((line) => line.split("|"));

const readEntries = async (postgres: Postgres) =>
	toRows(
		await postgres.psql(
			"SELECT writer, seq, status, state, outcome FROM tollway.entries ORDER BY writer, seq",
			"ledger",
		),
	);

describe.skipIf(programs === null)("a gateway on PostgreSQL", () => {
	test(
		"the server goes and comes back: refused meanwhile, ready again within five seconds, nothing lost",
		async () => {
			const postgres = await openServer();
			const { url, gateway } = await openOn(postgres);
			expect(await status(url)).toBe(200);
			const running = await call(url, { event_delay_ms: 500 }, true);
			const text = running.text();
			await postgres.kill();
			const refused = await call(url);
			expect(refused.status).toBe(503);
			expect(await refused.text()).toContain("cannot write to its ledger");
			expect((await fetch(`${url}/readyz`)).status).toBe(503);
			expect((await fetch(`${url}/healthz`)).status).toBe(200);
			await postgres.start();
			const backMs = performance.now();
			// Nobody calls, and it is ready all the same.
			await waitFor(async () => (await fetch(`${url}/readyz`)).status === 200);
			expect(performance.now() - backMs).toBeLessThan(5_000);
			expect(await status(url)).toBe(200);
			expect(await text).toContain("message_stop");
			await gateway.stop();
			expect(await readEntries(postgres)).toEqual(
				expect.arrayContaining([
					["1", "1", "200", "exact", "done"],
					["1", expect.any(String), "503", "exact", "refused:ledger_down"],
				]),
			);
			const rows = await readEntries(postgres);
			expect(rows.filter(([, , code]) => code === "200")).toHaveLength(3);
			expect(rows.map(([, seq]) => Number(seq))).toEqual(
				rows.map((_row, at) => at + 1),
			);
			expect(
				await postgres.psql("SELECT id FROM tollway.holds", "ledger"),
			).toBe("");
			expect(
				gateway.lines.filter(({ event }) => event === "entry_lost"),
			).toEqual([]);
		},
		limitMs,
	);

	test(
		"the server goes while a key's call runs: its next is refused, and what both held is given back when it is there",
		async () => {
			const postgres = await openServer();
			const { url } = await openOn(postgres);
			const made = await fetch(`${url}/key/generate`, {
				method: "POST",
				body: JSON.stringify({ max_budget: 1, max_parallel_requests: 2 }),
			});
			const { key } = await made.json();
			const statusOf = async () => {
				const reply = await call(url, {}, false, key);
				await reply.bytes();
				return reply.status;
			};
			expect(await statusOf()).toBe(200);
			const running = call(url, { delay_ms: 2_000 }, false, key);
			await waitFor(async () => {
				const rows = await postgres.psql(
					"SELECT count(*) FROM tollway.holds",
					"ledger",
				);
				return rows === "1";
			});
			await postgres.kill();
			expect(await statusOf()).toBe(503);
			await postgres.start();
			expect((await running).status).toBe(200);
			await waitFor(async () => (await statusOf()) === 200);
			await waitFor(
				async () =>
					(await postgres.psql(
						"SELECT count(*) FROM tollway.stakes",
						"ledger",
					)) === "0",
			);
			const [[doc = "", spent] = []] = toRows(
				await postgres.psql(
					"SELECT doc, (SELECT sum(cost) FROM tollway.entries) FROM tollway.counts",
					"ledger",
				),
			);
			const cells = Object.values(JSON.parse(doc).cells);
			expect(cells).toEqual([
				expect.objectContaining({
					measure: "nanos",
					periods: [[0, expect.any(Number), spent, "0"]],
				}),
			]);
		},
		limitMs,
	);

	test(
		"the server is frozen: refused after four seconds, back when it is",
		async () => {
			const postgres = await openServer();
			const { url } = await openOn(postgres);
			postgres.pause();
			const startMs = performance.now();
			expect(await status(url)).toBe(503);
			expect(performance.now() - startMs).toBeLessThan(5_500);
			postgres.resume();
			const backMs = performance.now();
			await waitFor(async () => (await status(url)) === 200);
			expect(performance.now() - backMs).toBeLessThan(5_000);
		},
		limitMs,
	);

	test(
		"two at a time; one is killed, and the other settles its call as an estimate",
		async () => {
			const postgres = await openServer();
			const { url, gateway, another } = await openOn(postgres);
			const second = await another();
			expect([await status(url), await status(second.url)]).toEqual([200, 200]);
			const reply = await call(url, { event_delay_ms: 60_000 }, true);
			const cut = reply.text().catch(() => "cut");
			await gateway.stop("SIGKILL");
			expect(await cut).toBe("cut");
			await waitFor(async () => (await readEntries(postgres)).length === 3);
			expect(await readEntries(postgres)).toEqual([
				["1", "1", "200", "exact", "done"],
				["2", "1", "200", "exact", "done"],
				["2", "2", "0", "estimated", "process_ended"],
			]);
			const [row] = toRows(
				await postgres.psql(
					"SELECT id, cost > 0, price, (SELECT count(*) FROM tollway.holds) FROM tollway.entries WHERE outcome = 'process_ended'",
					"ledger",
				),
			);
			const id = reply.headers.get("x-litellm-call-id");
			expect(row).toEqual([String(id), "t", "held:input", "0"]);
			expect(await second.stop()).toBe(0);
		},
		limitMs,
	);

	test("a server that is not there: one sentence, and it does not start", async () => {
		const starting = startGateway({
			DATABASE_URL: "postgresql://ada:secret@127.0.0.1:1/ledger",
		});
		const words =
			"tollway: DATABASE_URL names postgresql://ada@127.0.0.1:1/ledger, which cannot be used: nothing listens there.";
		await expect(starting).rejects.toThrow(words);
		await expect(starting).rejects.not.toThrow("secret");
	});
});
