/** T-13: a thousand calls at once with room for so many holds: exactly so many are let in, whoever's budget it is. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { masterKey, type Operator, openOperator } from "../app/operator.ts";

const calls = 1_000;
const room = 20;
/** For how long upstream keeps silent, so that all calls are there before one ends: as long as this machine needs. */
const delaysMs = [1_500, 4_000, 10_000];
const overloaded = 529;
const body = {
	model: "claude-sonnet-5-5",
	max_tokens: 40,
	messages: [{ role: "user", content: "Hello, world" }],
};

interface Race {
	/** How the refused call's sentence begins. */
	readonly whose: string;
	/** Makes whose budget it is; resolves with the callers' keys, which take turns. */
	open(op: Operator, budget: object): Promise<readonly string[]>;
	readonly headers?: Readonly<Record<string, string>>;
	readonly part?: object;
}

const makeKeys = (op: Operator, fields: object) =>
	Promise.all(
		Array.from(
			{ length: 5 },
			async () => (await op.manage("/key/generate", fields)).key as string,
		),
	);

const races: Readonly<Record<string, Race>> = {
	key: {
		whose: "The budget of key",
		open: async (op, budget) => [
			(await op.manage("/key/generate", budget)).key,
		],
	},
	"key, in each of several windows": {
		whose: "The budget of key",
		open: async (op, { max_budget }: { max_budget?: number }) => [
			(
				await op.manage("/key/generate", {
					max_budget: 100,
					budget_limits: [
						{ budget_duration: "30d", max_budget },
						{ budget_duration: "1d", max_budget: 50 },
					],
				})
			).key,
		],
	},
	user: {
		whose: "The budget of user racer",
		open: async (op, budget) => {
			await op.manage("/user/new", {
				user_id: "racer",
				auto_create_key: false,
				...budget,
			});
			return makeKeys(op, { user_id: "racer" });
		},
	},
	team: {
		whose: "The budget of team racers",
		open: async (op, budget) => {
			await op.manage("/team/new", { team_id: "racers", ...budget });
			return makeKeys(op, { team_id: "racers" });
		},
	},
	member: {
		whose: "The budget of user one in team relay",
		open: async (op, { max_budget }: { max_budget?: number }) => {
			await op.manage("/team/new", {
				team_id: "relay",
				team_member_budget: max_budget,
				members_with_roles: [{ role: "user", user_id: "one" }],
			});
			return makeKeys(op, { team_id: "relay", user_id: "one" });
		},
	},
	"end user": {
		whose: "The budget of end user runner",
		open: async (op, budget) => {
			await op.manage("/customer/new", { user_id: "runner", ...budget });
			return makeKeys(op, {});
		},
		headers: { "x-litellm-end-user-id": "runner" },
	},
	tag: {
		whose: "The budget of tag race",
		open: async (op, budget) => {
			await op.manage("/tag/new", { name: "race", ...budget });
			return makeKeys(op, {});
		},
		headers: { "x-litellm-tags": "race" },
	},
	"a linked budget": {
		whose: "The budget of key",
		open: async (op, budget) => {
			await op.manage("/budget/new", { budget_id: "shared", ...budget });
			const { key } = await op.manage("/key/generate", { budget_id: "shared" });
			return [key];
		},
	},
	"one model of a key, by its other name": {
		whose: "for claude-haiku-4-5-20251001 is",
		open: async (op, { max_budget }: { max_budget?: number }) => {
			const model_max_budget = {
				"claude-haiku-4-5-20251001": {
					budget_limit: max_budget,
					time_period: "1d",
				},
			};
			return [(await op.manage("/key/generate", { model_max_budget })).key];
		},
		part: { model: "claude-haiku-4-5" },
	},
};

/**
 * Calls that end before the last one is judged make room: such a race says nothing, and a slower one is run. Upstream
 * fails all that are let in, which costs nothing, so the room is the same again.
 */
async function race(op: Operator, keys: readonly string[], one: Partial<Race>) {
	for (const delayMs of delaysMs) {
		const before = op.rig.simulator.record.all().length;
		const order: number[] = [];
		const answers = await Promise.all(
			Array.from({ length: calls }, async (_, at) => {
				const answer = await op.call(keys[at % keys.length] ?? "", one.part, {
					...one.headers,
					"x-simulator-script": JSON.stringify({
						delay_ms: delayMs,
						error: { status: overloaded },
					}),
				});
				order.push(answer.status);
				return answer;
			}),
		);
		if (order.indexOf(overloaded) < order.lastIndexOf(429)) continue;
		const seen = op.rig.simulator.record.all().length - before;
		const refused = answers.filter(({ status }) => status === 429);
		return { seen, refused };
	}
	throw new Error(`${calls} calls take longer than ${delaysMs.at(-1)} ms here`);
}

const holdOf = async (op: Operator, part: object = {}) => {
	const { key } = await op.manage("/key/generate", {});
	return (await op.spend(key, { ...body, ...part })).held;
};

let op: Operator;
beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

describe("T-13", () => {
	test.each(Object.entries(races))(
		"the budget of: %s",
		async (_name, one) => {
			const held = await holdOf(op, one.part);
			const max_budget = Math.round(room * held * 1e9) / 1e9;
			const keys = await one.open(op, { max_budget, budget_duration: "1d" });
			const { seen, refused } = await race(op, keys, one);
			expect(seen).toBe(room);
			expect(refused).toHaveLength(calls - room);
			for (const { error } of refused) {
				expect(error.message).toContain(one.whose);
				// It is only held: the others may fit when these have ended.
				expect(error.type).toBe("rate_limit_error");
			}
			expect((await op.call(keys[0] ?? "", one.part, one.headers)).status).toBe(
				200,
			);
		},
		60_000,
	);
});

describe("T-13: everybody's", () => {
	const everybodys: Readonly<
		Record<string, (budget: string) => Readonly<Record<string, string>>>
	> = {
		budget: (budget) => ({ TOLLWAY_MAX_BUDGET: budget }),
		"budget for a model": (budget) => ({
			TOLLWAY_MODEL_LIMITS: `{"claude-sonnet-*":{"max_budget":${budget}}}`,
		}),
	};
	test.each(Object.entries(everybodys))(
		"%s",
		async (_name, toEnv) => {
			const budget = Math.round(room * (await holdOf(op)) * 1e9) / 1e9;
			const all = await openOperator(toEnv(String(budget)));
			try {
				// The master key is bound as well.
				const keys = [...(await makeKeys(all, {})), masterKey];
				const { seen, refused } = await race(all, keys, {});
				expect(seen).toBe(room);
				expect(refused).toHaveLength(calls - room);
				expect(refused[0]?.error.message).toContain(
					"The budget of this gateway as a whole",
				);
			} finally {
				await all.stop();
			}
		},
		60_000,
	);
});
