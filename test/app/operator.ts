/** What an operator and the callers do with a running gateway: one line each. */
import { expect } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";

export const masterKey = "sk-master-key-0123456789";

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON a route answers; each test looks at what it wants
type Json = any;

export interface Answer {
	readonly status: number;
	readonly body: Json;
}

export interface Called {
	readonly status: number;
	readonly headers: Headers;
	readonly error: Json;
}

const message = {
	model: "claude-sonnet-5-5",
	max_tokens: 40,
	messages: [{ role: "user", content: "Hello, world" }],
};

export async function openOperator(env: Readonly<Record<string, string>> = {}) {
	const rig: LedgerRig = await openLedgerRig({
		env: { TOLLWAY_MASTER_KEY: masterKey, ...env },
	});
	const ask = async (
		path: string,
		body: unknown = undefined,
		key: string | null = masterKey,
	): Promise<Answer> => {
		const reply = await fetch(rig.url + path, {
			method: body === undefined ? "GET" : "POST",
			headers: key === null ? {} : { authorization: `Bearer ${key}` },
			body: body === undefined ? null : JSON.stringify(body),
		});
		return { status: reply.status, body: await reply.json() };
	};
	/** The same with a body as it stands, and whatever headers. */
	const post = async (
		path: string,
		body: string,
		headers: Readonly<Record<string, string>> = {},
	): Promise<Answer> => {
		const reply = await fetch(rig.url + path, {
			method: "POST",
			headers: { authorization: `Bearer ${masterKey}`, ...headers },
			body,
		});
		return { status: reply.status, body: await reply.json() };
	};
	/** A management call that must work. */
	const manage = async (path: string, body?: unknown): Promise<Json> => {
		const answer = await ask(path, body);
		expect(answer).toMatchObject({ status: 200 });
		return answer.body;
	};
	const call = async (
		key: string,
		part: object = {},
		headers: Readonly<Record<string, string>> = {},
	): Promise<Called> => {
		const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
			method: "POST",
			headers: { authorization: `Bearer ${key}`, ...headers },
			body: JSON.stringify({ ...message, ...part }),
		});
		const text = await reply.text();
		const error = reply.ok ? null : JSON.parse(text).error;
		return { status: reply.status, headers: reply.headers, error };
	};
	/** A call that must work; what it cost, in dollars. */
	const spend = async (
		...asked: Parameters<typeof call>
	): Promise<{ cost: number; held: number; id: string }> => {
		const called = await call(...asked);
		expect(called.error).toBeNull();
		const id = called.headers.get("x-litellm-call-id") ?? "";
		const { cost, held } = await rig.entryOf(id);
		return { cost: Number(cost) / 1e9, held: Number(held) / 1e9, id };
	};
	return { rig, ask, post, manage, call, spend, stop: rig.stop };
}

export type Operator = Awaited<ReturnType<typeof openOperator>>;
