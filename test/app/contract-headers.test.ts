/** What plain replies tell the holder of a key of its limits, in LiteLLM's headers. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

const names = ["spend", "max-budget", "rpm-limit", "tpm-limit"] as const;

const readKey = (headers: Headers) =>
	Object.fromEntries(
		names.flatMap((name) => {
			const value = headers.get(`x-litellm-key-${name}`);
			return value === null ? [] : [[name, value]];
		}),
	);

const make = async (fields: object): Promise<string> =>
	(await op.manage("/key/generate", fields)).key;

test("spend before the call, and the limits", async () => {
	const limits = { max_budget: 1.5, rpm_limit: 60, tpm_limit: 90_000 };
	const key = await make(limits);
	const shown = {
		"max-budget": "1.5",
		"rpm-limit": "60",
		"tpm-limit": "90000",
	};
	const first = await op.call(key);
	expect(readKey(first.headers)).toEqual({ spend: "0", ...shown });
	const cost = first.headers.get("x-litellm-response-cost") ?? "";
	const second = await op.call(key);
	expect(readKey(second.headers)).toEqual({ spend: cost, ...shown });
	const { info } = await op.manage(`/key/info?key=${key}`);
	expect(info.spend).toBeCloseTo(2 * Number(cost), 9);
	const models = await fetch(`${op.rig.url}/anthropic/v1/models`, {
		headers: { "x-api-key": key },
	});
	expect(readKey(models.headers)).toEqual({
		spend: String(info.spend),
		...shown,
	});
});

test("only what is set: without a budget nobody counts what a key has spent", async () => {
	expect(readKey((await op.call(await make({}))).headers)).toEqual({});
	const others = {
		rpm_limit: 9,
		max_parallel_requests: 2,
		soft_budget: 5,
		budget_limits: [{ budget_duration: "1d", max_budget: 5 }],
		model_rpm_limit: { "claude-*": 7 },
		model_max_budget: { "claude-*": { budget_limit: 5, time_period: "1d" } },
	};
	expect(readKey((await op.call(await make(others))).headers)).toEqual({
		"rpm-limit": "9",
	});
});

test("of the key, and of nobody else that it belongs to", async () => {
	await op.manage("/team/new", {
		team_id: "t",
		max_budget: 50,
		rpm_limit: 500,
		team_member_budget: 5,
	});
	const { key } = await op.manage("/key/generate", {
		team_id: "t",
		user_id: "u",
		tpm_limit: 90_000,
	});
	expect(readKey((await op.call(key)).headers)).toEqual({
		"tpm-limit": "90000",
	});
	await op.manage("/budget/new", { budget_id: "b", max_budget: 2 });
	const linked = await make({ budget_id: "b" });
	expect(readKey((await op.call(linked)).headers)).toEqual({
		spend: "0",
		"max-budget": "2",
	});
});

test("not on a stream, whose head is sent before anything is known", async () => {
	const key = await make({ max_budget: 5, rpm_limit: 60 });
	const { status, headers } = await op.call(key, { stream: true });
	expect(status).toBe(200);
	expect(readKey(headers)).toEqual({});
});
