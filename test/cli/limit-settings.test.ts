/** The settings that limit everybody together. */
import { describe, expect, test } from "bun:test";
import { configOf, load, master, realKey } from "./loading.ts";

const env = { ANTHROPIC_API_KEY: realKey, TOLLWAY_MASTER_KEY: master };

test("without any there are no limits, and days are those of UTC", () => {
	expect(configOf(env).limiting).toMatchObject({
		calendar: { timeZone: "UTC", resetMinute: 0 },
		endUserBudgetId: null,
		global: {
			maxBudgetNanos: null,
			budgetDuration: null,
			rpmLimit: null,
			tpmLimit: null,
			maxParallel: null,
			modelLimits: [],
		},
	});
});

test("all of them", () => {
	const { limiting } = configOf({
		...env,
		TOLLWAY_MAX_BUDGET: "12.5",
		TOLLWAY_BUDGET_DURATION: "030d",
		TOLLWAY_RPM_LIMIT: "0",
		TOLLWAY_TPM_LIMIT: "1000000",
		TOLLWAY_MAX_PARALLEL_REQUESTS: "64",
		TOLLWAY_MODEL_LIMITS:
			'{"claude-opus-*":{"max_budget":0.1,"budget_duration":"1d","rpm_limit":2},"x":{"tpm_limit":5}}',
		TOLLWAY_END_USER_BUDGET_ID: "everybody's",
		TOLLWAY_TIMEZONE: "europe/berlin",
		TOLLWAY_BUDGET_RESET_TIME: "23:59",
	});
	expect(limiting).toMatchObject({
		calendar: { timeZone: "Europe/Berlin", resetMinute: 23 * 60 + 59 },
		endUserBudgetId: "everybody's",
		global: {
			maxBudgetNanos: 12_500_000_000,
			budgetDuration: "30d",
			rpmLimit: 0,
			tpmLimit: 1_000_000,
			maxParallel: 64,
			modelLimits: [
				{
					model: "claude-opus-*",
					maxBudgetNanos: 100_000_000,
					duration: "1d",
					rpmLimit: 2,
					tpmLimit: null,
				},
				{
					model: "x",
					maxBudgetNanos: null,
					duration: null,
					rpmLimit: null,
					tpmLimit: 5,
				},
			],
		},
	});
});

describe("a wrong value keeps it from starting, and the sentence names the variable", () => {
	test.each([
		["TOLLWAY_MAX_BUDGET", "-1"],
		["TOLLWAY_MAX_BUDGET", "1e3"],
		["TOLLWAY_MAX_BUDGET", "ten"],
		["TOLLWAY_MAX_BUDGET", "99999999999"],
		["TOLLWAY_BUDGET_DURATION", "30"],
		["TOLLWAY_BUDGET_DURATION", "0d"],
		["TOLLWAY_BUDGET_DURATION", "1y"],
		["TOLLWAY_BUDGET_DURATION", "-1"],
		["TOLLWAY_RPM_LIMIT", "1.5"],
		["TOLLWAY_RPM_LIMIT", "-1"],
		["TOLLWAY_TPM_LIMIT", "many"],
		["TOLLWAY_TPM_LIMIT", "10000000000000"],
		["TOLLWAY_MAX_PARALLEL_REQUESTS", "0x10"],
		["TOLLWAY_MODEL_LIMITS", "{"],
		["TOLLWAY_MODEL_LIMITS", "[]"],
		["TOLLWAY_MODEL_LIMITS", '{"":{"rpm_limit":1}}'],
		["TOLLWAY_MODEL_LIMITS", '{"m":{"max_budget":-1}}'],
		["TOLLWAY_MODEL_LIMITS", '{"m":{"budget":1}}'],
		["TOLLWAY_MODEL_LIMITS", '{"m":{"rpm_limit":1.5}}'],
		["TOLLWAY_MODEL_LIMITS", '{"m":{"max_budget":1,"budget_duration":"1y"}}'],
		["TOLLWAY_END_USER_BUDGET_ID", "a\nb"],
		["TOLLWAY_TIMEZONE", "Mars/Olympus"],
		["TOLLWAY_TIMEZONE", "2026-01-01[UTC]"],
		["TOLLWAY_BUDGET_RESET_TIME", "24:00"],
		["TOLLWAY_BUDGET_RESET_TIME", "6:30"],
	])("%s=%s", (name, value) => {
		const { config, problems } = load({ ...env, [name]: value });
		expect(config).toBeNull();
		expect(problems).toHaveLength(1);
		expect(problems[0]).toContain(name);
	});
});
