/** What sessions of managed agents cost: each increase once, whoever sees it, to whoever made the session. */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LedgerRig, openLedgerRig, send } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { command, openRig, startGateway, upstreamKey } from "../rig.ts";

const limitMs = 60_000;
const masterKey = "sk-master-key-of-sessions-0123";
/** The simulator's, of a turn: 3 cents. */
const turnNanos = 30_000_000;

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

async function openRigOn(open: (typeof engines)[number]["open"]) {
	const rig = await openLedgerRig({
		postgres: await open(),
		env: { TOLLWAY_MASTER_KEY: masterKey },
	});
	cleanUp.push(rig.stop);
	return rig;
}

// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it wants
type Json = any;

async function ask(
	url: string,
	path: string,
	body?: object,
	key = masterKey,
): Promise<Json> {
	const reply = await send(url, {
		path,
		method: body === undefined ? "GET" : "POST",
		headers: { authorization: `Bearer ${key}`, "x-litellm-tags": "asker" },
		body: body === undefined ? null : JSON.stringify(body),
	});
	expect(reply.status).toBe(200);
	return reply.json();
}

const user = { type: "user.message", content: [{ type: "text", text: "go" }] };
const newSession = {
	agent: "agent_1",
	environment_id: "env_1",
	initial_events: [user],
};

const sessionEntries = async (rig: LedgerRig) =>
	(await rig.entries()).filter(({ kind }) => kind === "session");

async function waitFor(rig: LedgerRig, nanos: number) {
	const deadline = performance.now() + 15_000;
	for (;;) {
		const entries = await sessionEntries(rig);
		const sum = entries.reduce((all, { cost }) => all + Number(cost), 0);
		if (sum >= nanos) return { entries, sum };
		if (performance.now() > deadline) throw new Error(`it is ${sum}`);
		await Bun.sleep(15);
	}
}

/** The session's row follows its Entries. */
async function waitForRow(rig: LedgerRig, entries: number) {
	const deadline = performance.now() + 15_000;
	for (;;) {
		const [row] = await rig.read("SELECT entries FROM @agent_sessions");
		if (Number(row?.[0]) === entries) return;
		if (performance.now() > deadline) throw new Error(`it has ${row?.[0]}`);
		await Bun.sleep(15);
	}
}

describe.each(engines)("in $engine", ({ open }) => {
	test(
		"each increase is an Entry of whoever made the session; pages, looks and events tell the same",
		async () => {
			const rig = await openRigOn(open);
			const { key, token } = await ask(rig.url, "/key/generate", {
				user_id: "ada",
				tags: ["night"],
				max_budget: 0.07,
				allowed_routes: ["/v1/sessions", "/v1/sessions/*", "/v1/messages"],
			});
			const { id } = await ask(rig.url, "/v1/sessions", newSession, key);
			const path = `/v1/sessions/${id}`;
			await waitFor(rig, turnNanos);
			// A stream that is open sees the next; its head comes with its first event.
			const streaming = send(rig.url, {
				path: `${path}/events/stream`,
				method: "GET",
				headers: { authorization: `Bearer ${masterKey}` },
				body: null,
			});
			const { record } = rig.simulator;
			await record.waitUntil(() => record.open() === 1);
			await ask(rig.url, `${path}/events`, { events: [user] }, key);
			const reader = (await streaming).body?.getReader();
			let seen = "";
			while (!seen.includes("session.usage")) {
				seen += new TextDecoder().decode((await reader?.read())?.value);
			}
			await waitFor(rig, 2 * turnNanos);
			await reader?.cancel();
			await ask(rig.url, `${path}/events`, { events: [user, user] }, key);
			for (const look of [path, "/v1/sessions", `${path}/events`, path]) {
				await ask(rig.url, look);
			}
			const { entries, sum } = await waitFor(rig, 4 * turnNanos);
			expect(sum).toBe(4 * turnNanos);
			expect(entries.map((entry) => entry.id)).toEqual(
				[1, 2, 3].slice(0, entries.length).map((n) => `${id}_list_cost_${n}`),
			);
			for (const entry of entries) {
				expect(entry).toMatchObject({
					keyId: token,
					userId: "ada",
					state: "exact",
					price: "list_cost",
				});
				expect(entry.tags).toEqual(["night", "asker"]);
			}
			const { info } = await ask(rig.url, `/key/info?key=${token}`);
			expect(info.spend).toBeCloseTo(0.12, 9);
			const refused = await send(rig.url, {
				headers: { authorization: `Bearer ${key}` },
			});
			expect([refused.status, await refused.text()]).toEqual([
				429,
				expect.stringContaining("billing_error"),
			]);
		},
		limitMs,
	);
});

async function makeElsewhere(url: string): Promise<{ id: string }> {
	const made = await fetch(`${url}/v1/sessions`, {
		method: "POST",
		headers: { "x-api-key": upstreamKey, "anthropic-version": "2023-06-01" },
		body: JSON.stringify(newSession),
	});
	return (await made.json()) as { id: string };
}

test.skipIf(!needs.postgres())(
	"several processes: each increase once, also one whose writer was stopped halfway; a cost that falls is told",
	async () => {
		const rig = await openRigOn(async () => sharePostgres());
		const { id } = await ask(rig.url, "/v1/sessions", newSession);
		await waitFor(rig, turnNanos);
		// As if it had been stopped between its Entry and the session's row.
		await waitForRow(rig, 1);
		await rig.read("UPDATE @agent_sessions SET entries = 0, seen = 0");
		const urls = [rig.url, (await rig.another()).url];
		await ask(rig.url, `/v1/sessions/${id}/events`, { events: [user] });
		for (let times = 0; times < 3; times++) {
			await Promise.all(urls.map((url) => ask(url, `/v1/sessions/${id}`)));
		}
		const { sum } = await waitFor(rig, 2 * turnNanos);
		expect(sum).toBe(2 * turnNanos);
		await waitForRow(rig, 2);
		await rig.read("UPDATE @agent_sessions SET seen = seen + 1");
		await ask(rig.url, `/v1/sessions/${id}`);
		const told = await rig.gateway.waitForLine((line) =>
			JSON.stringify(line).includes("its cost fell"),
		);
		expect(JSON.stringify(told)).toContain(id);
		expect(await sessionEntries(rig)).toHaveLength(2);
	},
	limitMs,
);

test(
	"one that was made elsewhere is nobody's; a process that is killed and comes back records nothing twice",
	async () => {
		const folder = mkdtempSync(join(tmpdir(), "tollway-sessions-"));
		const { simulator, stop } = await openRig();
		cleanUp.push(stop);
		const env = {
			ANTHROPIC_API_KEY: upstreamKey,
			TOLLWAY_UPSTREAM_URL: simulator.url,
			TOLLWAY_DATA_DIR: folder,
			TOLLWAY_MASTER_KEY: masterKey,
		};
		const { id } = await makeElsewhere(simulator.url);
		const sumOf = () => {
			const database = new Database(join(folder, "tollway.db"));
			const [row] = database
				.query(
					"SELECT count(*), sum(cost), max(key_id) FROM entries WHERE kind = 'session'",
				)
				.values();
			database.close();
			return row;
		};
		for (let start = 1; start <= 2; start++) {
			const gateway = await startGateway(env);
			cleanUp.push(() => gateway.stop("SIGKILL"));
			await ask(gateway.url, `/v1/sessions/${id}`);
			const end = performance.now() + 15_000;
			while (sumOf()?.[1] !== turnNanos && performance.now() < end) {
				await Bun.sleep(15);
			}
			await ask(gateway.url, `/v1/sessions/${id}`);
			await gateway.stop(start === 2 ? "SIGTERM" : "SIGKILL");
			expect(sumOf()).toEqual([1, turnNanos, null]);
		}
		const verified = Bun.spawnSync([...command, "ledger", "verify"], {
			cwd: join(import.meta.dirname, "../.."),
			env: { PATH: process.env.PATH, HOME: folder, TOLLWAY_DATA_DIR: folder },
		});
		expect([verified.exitCode, String(verified.stderr)]).toEqual([0, ""]);
		rmSync(folder, { recursive: true, force: true });
	},
	limitMs,
);
