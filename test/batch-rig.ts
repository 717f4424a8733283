/** A gateway that is asked to make batches. */
import { expect } from "bun:test";
import { toRequests } from "../scripts/soak/batch-truth.ts";
import type { Script } from "../src/simulator/script.ts";
import type { StoredEntry } from "../src/store/entry-row.ts";
import { type LedgerRig, openLedgerRig, send } from "./ledger-rig.ts";
import type { SharedPostgres } from "./postgres.ts";

export const masterKey = "sk-master-key-of-batches-0123";

export interface BatchRig extends LedgerRig {
	/** Its id. @param key null: the operator's */
	create(
		count: number,
		how?: { script?: Script; key?: string; url?: string },
	): Promise<string>;
	/** Its answer, whatever it is. @param streams as a body of unknown length */
	ask(
		count: number,
		how: { key: string; url?: string; streams?: boolean },
	): Promise<{ status: number; error: { type: string; message: string } }>;
	cancel(id: string, url: string): Promise<void>;
	/** Asks upstream for it. */
	status(id: string): Promise<number>;
	/** Deletes it. */
	remove(id: string): Promise<number>;
	results(id: string, how?: { key?: string; url?: string }): Promise<Response>;
	manage(path: string, body: unknown): Promise<Record<string, unknown>>;
	/** Resolves with its Entries when it is over, by their ids. */
	settled(id: string): Promise<StoredEntry[]>;
	batchEntries(): Promise<StoredEntry[]>;
	/** Resolves when a question to the database gives something. */
	until(sql: string): Promise<void>;
}

const patienceMs = 20_000;

export async function openBatchRig(
	postgres: SharedPostgres | null = null,
	env: Readonly<Record<string, string>> = {},
): Promise<BatchRig> {
	const rig = await openLedgerRig({
		postgres,
		env: { TOLLWAY_MASTER_KEY: masterKey, TOLLWAY_BATCH_POLL: "20ms", ...env },
	});
	const until = openUntil(rig);
	const plain = async (path: string, method: string) => {
		const headers = { authorization: `Bearer ${masterKey}` };
		const reply = await send(rig.url, { path, method, headers, body: null });
		await reply.bytes();
		return reply.status;
	};
	const batchEntries = async () =>
		(await rig.entries())
			.filter(({ kind }) => kind === "batch")
			.sort((a, b) => (a.id < b.id ? -1 : 1));
	return {
		...rig,
		until,
		batchEntries,
		manage: async (path, body) => {
			const headers = { authorization: `Bearer ${masterKey}` };
			const json = JSON.stringify(body);
			const reply = await send(rig.url, { path, body: json, headers });
			expect(reply.status).toBe(200);
			return (await reply.json()) as Record<string, unknown>;
		},
		create: async (count, { script, key = masterKey, url = rig.url } = {}) => {
			const reply = await send(url, {
				path: "/anthropic/v1/messages/batches",
				headers: { authorization: `Bearer ${key}` },
				body: JSON.stringify({ requests: toRequests(count) }),
				...(script && { script }),
			});
			const body = (await reply.json()) as { id: string };
			expect({ status: reply.status, body }).toMatchObject({ status: 200 });
			return body.id;
		},
		ask: (count, how) => ask(count, { url: rig.url, ...how }),
		cancel: async (id, url) => {
			const headers = { authorization: `Bearer ${masterKey}` };
			const path = `/v1/messages/batches/${id}/cancel`;
			const reply = await send(url, { path, headers, body: null });
			expect(reply.status).toBe(200);
		},
		status: (id) => plain(`/v1/messages/batches/${id}`, "GET"),
		remove: (id) => plain(`/v1/messages/batches/${id}`, "DELETE"),
		results: (id, { key = masterKey, url = rig.url } = {}) =>
			send(url, {
				path: `/anthropic/v1/messages/batches/${id}/results`,
				method: "GET",
				headers: { authorization: `Bearer ${key}` },
				body: null,
			}),
		settled: async (id) => {
			await until(
				`SELECT 1 FROM @batches WHERE id = '${id}' AND state IN ('settled', 'gone')`,
			);
			return (await batchEntries()).filter((one) => one.id.startsWith(id));
		},
	};
}

function openUntil(rig: LedgerRig) {
	return async (sql: string) => {
		const deadlineMs = performance.now() + patienceMs;
		while ((await rig.read(sql)).length === 0) {
			if (performance.now() > deadlineMs) {
				const rows = await rig.read("SELECT * FROM @batches");
				const lines = JSON.stringify(rig.gateway.lines.slice(-6));
				throw new Error(`never: ${sql}; ${JSON.stringify(rows)}; ${lines}`);
			}
			await Bun.sleep(10);
		}
	};
}

async function ask(
	count: number,
	how: { key: string; url: string; streams?: boolean },
) {
	const json = JSON.stringify({ requests: toRequests(count) });
	const reply = await fetch(`${how.url}/v1/messages/batches`, {
		method: "POST",
		headers: { authorization: `Bearer ${how.key}` },
		body: how.streams === true ? new Blob([json]).stream() : json,
	});
	const body = (await reply.json()) as {
		error: { type: string; message: string };
	};
	return { status: reply.status, error: body.error };
}
