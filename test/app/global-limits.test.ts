/** Limits that the settings give to everybody together, whoever has the master key included. */
import { afterEach, describe, expect, test } from "bun:test";
import { masterKey, type Operator, openOperator } from "./operator.ts";

const opened: Operator[] = [];
afterEach(async () => {
	for (const op of opened.splice(0)) await op.stop();
});

async function open(env: Readonly<Record<string, string>>) {
	const op = await openOperator(env);
	opened.push(op);
	const { key } = await op.manage("/key/generate", {});
	return { op, key };
}

const slow = { "x-simulator-script": '{"delay_ms":700}' };

describe("they bind a key and the master key alike", () => {
	test("TOLLWAY_MAX_BUDGET and TOLLWAY_BUDGET_DURATION, with a sentence of whose and when", async () => {
		const { op, key } = await open({
			TOLLWAY_MAX_BUDGET: "0.000001",
			TOLLWAY_BUDGET_DURATION: "1d",
			TOLLWAY_TIMEZONE: "Asia/Kolkata",
			TOLLWAY_BUDGET_RESET_TIME: "06:30",
		});
		for (const who of [key, masterKey]) {
			const { status, error, headers } = await op.call(who);
			expect(status).toBe(429);
			expect(error.type).toBe("billing_error");
			expect(error.message).toMatch(
				/^The budget of this gateway as a whole is \$0\.000001, of which \$0 is spent; this call may cost up to \$0\.\d+\. It resets at \d{4}-\d\d-\d\dT01:00:00\.000Z\.$/,
			);
			expect(headers.get("reset_at")).toMatch(/T01:00:00\.000Z$/);
		}
		// What is free passes.
		const models = await fetch(`${op.rig.url}/v1/models`, {
			headers: { authorization: `Bearer ${key}` },
		});
		expect(models.status).toBe(200);
	});

	test.each([
		[
			"TOLLWAY_RPM_LIMIT",
			{ TOLLWAY_RPM_LIMIT: "2" },
			"requests",
			/^The limit of this gateway as a whole is 2 requests in any 60 seconds, and 2 are used; this call may take 1\. Try again in \d+ s\.$/,
		],
		[
			"TOLLWAY_TPM_LIMIT",
			{ TOLLWAY_TPM_LIMIT: "200" },
			"tokens",
			/^The limit of this gateway as a whole is 200 tokens in any 60 seconds, and \d+ are used/,
		],
		[
			"TOLLWAY_MAX_PARALLEL_REQUESTS",
			{ TOLLWAY_MAX_PARALLEL_REQUESTS: "2" },
			"concurrent_requests",
			/^The limit of this gateway as a whole is 2 calls at a time, and 2 are used; this call may take 1\. Try again in 2 s\.$/,
		],
		[
			"TOLLWAY_MODEL_LIMITS",
			{ TOLLWAY_MODEL_LIMITS: '{"claude-sonnet-*":{"rpm_limit":2}}' },
			"requests",
			/^The limit of this gateway as a whole for claude-sonnet-\* is 2 requests in any 60 seconds, and 2 are used/,
		],
	])("%s", async (_name, env, type, sentence) => {
		const { op, key } = await open(env);
		const callers = [key, masterKey, key, masterKey, key, masterKey];
		const answers = await Promise.all(
			callers.map((who) => op.call(who, {}, slow)),
		);
		const passed = answers.filter(({ status }) => status === 200);
		expect(passed).toHaveLength(2);
		for (const { status, headers, error } of answers) {
			if (status === 200) continue;
			expect(status).toBe(429);
			expect(error.type).toBe("rate_limit_error");
			expect(headers.get("rate_limit_type")).toBe(type);
			expect(error.message).toMatch(sentence);
		}
	});

	test("TOLLWAY_MODEL_LIMITS: another model has room, and a model's other name has not", async () => {
		const { op, key } = await open({
			TOLLWAY_MODEL_LIMITS:
				'{"claude-haiku-4-5":{"max_budget":0.000001,"budget_duration":"1d"}}',
		});
		for (const model of ["claude-haiku-4-5", "claude-haiku-4-5-20251001"]) {
			for (const who of [key, masterKey]) {
				const { status, error } = await op.call(who, { model });
				expect([model, status]).toEqual([model, 429]);
				expect(error.message).toContain("as a whole for claude-haiku-4-5 is");
			}
		}
		expect((await op.call(key)).status).toBe(200);
	});
});

test("TOLLWAY_TIMEZONE and TOLLWAY_BUDGET_RESET_TIME say when everybody's budgets begin anew", async () => {
	const { op } = await open({
		TOLLWAY_TIMEZONE: "asia/kolkata",
		TOLLWAY_BUDGET_RESET_TIME: "06:30",
	});
	const resetOf = async (budget_duration: string) =>
		(await op.manage("/key/generate", { max_budget: 1, budget_duration }))
			.budget_reset_at as string;
	for (const duration of ["1d", "7d", "30d"]) {
		expect(await resetOf(duration)).toMatch(/T01:00:00/);
	}
	const week = new Date(await resetOf("7d"));
	expect(week.getUTCDay()).toBe(1);
	expect(new Date(await resetOf("1mo")).getUTCDate()).toBe(1);
});
