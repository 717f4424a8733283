/** Calls of keys with limits, and what is known of them. */
import { expect } from "bun:test";
import type { LedgerRig } from "../ledger-rig.ts";

export const masterKey = "sk-master-key-0123456789";
export const masterEnv = { TOLLWAY_MASTER_KEY: masterKey };

export const post = (
	url: string,
	body: unknown,
	{ key = masterKey, script = {}, signal = null as AbortSignal | null } = {},
) =>
	fetch(url, {
		method: "POST",
		headers: {
			authorization: `Bearer ${key}`,
			"x-simulator-script": JSON.stringify(script),
		},
		body: JSON.stringify(body),
		signal,
	});

export const message = {
	model: "claude-sonnet-5-5",
	max_tokens: 40,
	messages: [{ role: "user", content: "Hello, world" }],
};

export const dollars = (nanos: number) => nanos / 1e9;

export const tally = (statuses: readonly number[]) =>
	Object.fromEntries(
		[...new Set(statuses)]
			.sort()
			.map((status) => [status, statuses.filter((it) => it === status).length]),
	);

export interface Crowd {
	/** Gateways, which take turns. */
	readonly urls: readonly string[];
	readonly key: string;
	readonly calls: number;
	readonly part?: object;
	readonly script?: object;
	/** Null: it stays to the end. */
	readonly toSignal?: (at: number) => AbortSignal | null;
	readonly onAnswer?: (status: number) => void;
}

/** All at once; resolves with the statuses, 0 for those whose client has left. */
export const callAtOnce = ({
	urls,
	key,
	calls,
	part,
	script,
	...rest
}: Crowd) =>
	Promise.all(
		Array.from({ length: calls }, async (_, at) => {
			const path = `${urls[at % urls.length]}/anthropic/v1/messages`;
			const signal = rest.toSignal?.(at) ?? null;
			const body = { ...message, ...part };
			try {
				const reply = await post(path, body, { key, script, signal });
				rest.onAnswer?.(reply.status);
				await reply.text();
				return reply.status;
			} catch {
				return 0;
			}
		}),
	);

/** What operators and clients do with one gateway and its ledger. */
export function openLimited(toRig: () => LedgerRig) {
	const make = async (fields: object, url = toRig().url) => {
		const reply = await post(`${url}/key/generate`, fields);
		expect(reply.status).toBe(200);
		return (await reply.json()) as { key: string; token: string };
	};
	const call = async (
		key: string,
		script: object = {},
		part: object = {},
		url = toRig().url,
	) => {
		const path = `${url}/anthropic/v1/messages`;
		const reply = await post(path, { ...message, ...part }, { key, script });
		const text = await reply.text();
		return {
			status: reply.status,
			headers: reply.headers,
			id: reply.headers.get("x-litellm-call-id"),
			error: reply.ok ? null : JSON.parse(text).error,
		};
	};
	/** What a call of this body holds, and what it then costs; in nano-dollars. */
	const readPrice = async (part: object = {}) => {
		const { key } = await make({});
		const { id } = await call(key, {}, part);
		const { held, cost } = await toRig().entryOf(id);
		return { held: Number(held), cost: Number(cost) };
	};
	const readInfo = async (token: string) => {
		const reply = await fetch(`${toRig().url}/key/info?key=${token}`, {
			headers: { authorization: `Bearer ${masterKey}` },
		});
		return reply.json();
	};
	/** By its Entries, which are what its info says, to the nano-dollar. */
	const spendOf = async (token: string): Promise<number> => {
		const { info } = await readInfo(token);
		const entries = await toRig().entries();
		const spent = entries
			.filter(({ keyId }) => keyId === token)
			.reduce((sum, { cost }) => sum + Number(cost), 0);
		expect(info.spend).toBe(dollars(spent));
		return spent;
	};
	return { make, call, readPrice, readInfo, spendOf };
}
