/** A gateway that is asked to make batches, and what they must cost, computed by hand from the results. */
import { expect } from "bun:test";
import type { Script } from "../src/simulator/script.ts";
import type { StoredEntry } from "../src/store/entry-row.ts";
import { type LedgerRig, openLedgerRig, send } from "./ledger-rig.ts";
import type { SharedPostgres } from "./postgres.ts";

export const masterKey = "sk-master-key-of-batches-0123";

/** Pico-dollars for a token at batch rates: half of the list price. In the order of `counts`. */
const picos: Readonly<Record<string, readonly bigint[]>> = {
	"claude-sonnet-5-5": [
		1_000_000n,
		5_000_000n,
		50_000n,
		1_250_000n,
		2_000_000n,
	],
	"claude-opus-5": [2_500_000n, 12_500_000n, 250_000n, 3_125_000n, 5_000_000n],
	"claude-haiku-4-5-20251001": [
		500_000n,
		2_500_000n,
		50_000n,
		625_000n,
		1_000_000n,
	],
};

export const models = Object.keys(picos);

interface Line {
	custom_id: string;
	result: {
		type: string;
		message: {
			model: string;
			usage: {
				input_tokens: number;
				output_tokens: number;
				cache_read_input_tokens: number;
				cache_creation: {
					ephemeral_5m_input_tokens: number;
					ephemeral_1h_input_tokens: number;
				};
			};
		};
	};
}

/** Nano-dollars of each model's requests: each rounded up to a whole nano-dollar. */
export function toCosts(results: string): Record<string, bigint> {
	const costs: Record<string, bigint> = {};
	for (const text of results.trim().split("\n")) {
		const { result } = JSON.parse(text) as Line;
		if (result.type !== "succeeded") continue;
		const { model, usage } = result.message;
		const counts = [
			usage.input_tokens,
			usage.output_tokens,
			usage.cache_read_input_tokens,
			usage.cache_creation.ephemeral_5m_input_tokens,
			usage.cache_creation.ephemeral_1h_input_tokens,
		];
		const sum = counts.reduce(
			(all, count, at) => all + BigInt(count) * (picos[model]?.[at] ?? 0n),
			0n,
		);
		costs[model] = (costs[model] ?? 0n) + (sum + 999n) / 1000n;
	}
	return costs;
}

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

export const toRequests = (count: number) =>
	Array.from({ length: count }, (_, at) => ({
		custom_id: `request-${at}`,
		params: {
			model: models[at % models.length],
			max_tokens: 20 + (at % 30),
			messages: [
				{ role: "user", content: `Toll number ${at}. `.repeat(1 + (at % 5)) },
			],
		},
	}));

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
