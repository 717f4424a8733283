/** Random things that operators, callers, upstream and the clock do. */
import fc from "fast-check";

const minuteMs = 60_000;
const dayMs = 86_400_000;

export const models = [
	"claude-sonnet-5-5",
	"claude-haiku-4-5",
	"claude-opus-4-8",
	"claude-unheard-9",
] as const;
export const users = ["u0", "u1"] as const;
export const teams = ["t0", "t1"] as const;
export const customers = ["c0", "c1", "c2"] as const;
export const tags = ["g0", "g1"] as const;
export const budgets = ["b0", "b1"] as const;
export const keyCount = 4;

/** From none to some forty small calls. */
const dollars = fc.nat(24).map((n) => n * 0.000_5);
const durations = fc.constantFrom("90s", "7m", "1h", "5h", "1d", "7d", "1mo");
const orNull = <T>(of: fc.Arbitrary<T>) =>
	fc.option(of, { freq: 3, nil: null });

const patterns = fc.constantFrom(
	"claude-sonnet-*",
	"claude-haiku-4-5",
	"claude-haiku-4-5-20251001",
	"claude-opus-4-8",
	"*",
	"claude-unheard-9",
);

/** As bodies of the management API say it; each part may be missing, and null takes a limit away. */
const limits = fc.record(
	{
		max_budget: orNull(dollars),
		soft_budget: orNull(dollars),
		budget_duration: orNull(durations),
		rpm_limit: orNull(fc.integer({ min: 1, max: 9 })),
		tpm_limit: orNull(fc.integer({ min: 100, max: 2_000 })),
		max_parallel_requests: orNull(fc.integer({ min: 1, max: 4 })),
		budget_limits: fc.array(
			fc.record({ budget_duration: durations, max_budget: dollars }),
			{ maxLength: 2 },
		),
		model_max_budget: fc.dictionary(
			patterns,
			fc.record({ budget_limit: dollars, time_period: durations }),
			{ maxKeys: 2 },
		),
	},
	{ requiredKeys: [] },
);

const limited = fc
	.tuple(
		limits,
		fc.record(
			{ budget_id: orNull(fc.constantFrom(...budgets)), spend: dollars },
			{ requiredKeys: [] },
		),
	)
	.map(([own, more]) => ({ ...own, ...more }));

const keyFields = fc
	.tuple(
		limited,
		fc.record(
			{
				team_id: orNull(fc.constantFrom(...teams)),
				user_id: orNull(fc.constantFrom(...users)),
				tags: fc.subarray([...tags]),
			},
			{ requiredKeys: [] },
		),
	)
	.map(([own, more]) => ({ ...own, ...more }));

const of = <T extends string>(ids: readonly T[]) => fc.constantFrom(...ids);
const index = fc.nat(keyCount - 1);

/** A request of the management API; `key` is put in by its number. */
const manage = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			path: fc.constantFrom("/key/update", "/key/update", "/key/regenerate"),
			key: index,
			body: keyFields,
		}),
	},
	fc.record({
		path: fc.constantFrom("/key/block", "/key/unblock", "/key/delete"),
		key: index,
		body: fc.constant({}),
	}),
	fc.record({
		path: fc.constant("/key/:key/reset_spend"),
		key: index,
		body: fc.record({ reset_to: dollars }),
	}),
	fc.record({
		path: fc.constant("/user/update"),
		body: fc.tuple(limited, of(users)).map(([own, user_id]) => ({
			...own,
			user_id,
		})),
	}),
	fc.record({
		path: fc.constant("/team/update"),
		body: fc
			.tuple(
				limited,
				of(teams),
				fc.record(
					{
						team_member_budget: orNull(dollars),
						team_member_budget_duration: orNull(durations),
						blocked: fc.constant(false),
					},
					{ requiredKeys: [] },
				),
			)
			.map(([own, team_id, more]) => ({ ...own, ...more, team_id })),
	}),
	fc.record({
		path: fc.constant("/team/member_update"),
		body: fc.record({
			team_id: of(teams),
			user_id: of(users),
			max_budget_in_team: orNull(dollars),
			budget_duration: orNull(durations),
		}),
	}),
	fc.record({
		path: fc
			.tuple(of(teams), of(users))
			.map(([team, user]) => `/team/${team}/member/${user}/reset_spend`),
		body: fc.record({ reset_to: dollars }),
	}),
	fc.record({
		path: fc.constantFrom("/customer/update", "/customer/new"),
		body: fc.tuple(limited, of(customers)).map(([own, user_id]) => {
			const { budget_id: _linked, ...rest } = own;
			return { ...rest, user_id };
		}),
	}),
	fc.record({
		path: fc.constantFrom("/customer/delete", "/customer/unblock"),
		body: of(customers).map((id) => ({ user_ids: [id] })),
	}),
	fc.record({
		path: fc.constantFrom("/tag/new", "/tag/update", "/tag/delete"),
		body: fc.tuple(limited, of(tags)).map(([own, name]) => ({ ...own, name })),
	}),
	fc.record({
		path: fc.constantFrom("/budget/update", "/budget/new"),
		body: fc
			.tuple(limits, of(budgets))
			.map(([own, budget_id]) => ({ ...own, budget_id })),
	}),
	fc.record({
		path: fc.constant("/budget/delete"),
		body: of(budgets).map((id) => ({ id })),
	}),
);

export const endings = [
	"done",
	"dear",
	"other model",
	"overloaded",
	"refused",
	"reset",
	"left",
] as const;

export const step = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({ do: fc.constant("manage" as const), manage }),
	},
	{
		weight: 12,
		arbitrary: fc.record({
			do: fc.constant("call" as const),
			// The last is nobody's: the master key.
			key: fc.nat(keyCount),
			model: of(models),
			customer: fc.option(of(customers), { nil: null }),
			tags: fc.subarray([...tags]),
			maxTokens: fc.integer({ min: 1, max: 200 }),
			stream: fc.boolean(),
			isFree: fc.nat(9).map((n) => n === 0),
		}),
	},
	{
		weight: 10,
		arbitrary: fc.record({
			do: fc.constant("end" as const),
			which: fc.nat(20),
			how: of(endings),
			model: of(models),
			tokens: fc.nat(100),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constant("wait" as const),
			ms: fc.integer({ min: 1, max: 2 * minuteMs }),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constant("set the clock" as const),
			byMs: fc.oneof(
				fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
				fc.integer({ min: -10 * minuteMs, max: 10 * minuteMs }),
				fc.integer({ min: -40 * dayMs, max: 40 * dayMs }),
			),
		}),
	},
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("check" as const) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

type Value<T> = T extends fc.Arbitrary<infer V> ? V : never;
export type Step = Value<typeof step>;
export type Manage = Value<typeof manage>;
export type CallStep = Extract<Step, { do: "call" }>;
export type EndStep = Extract<Step, { do: "end" }>;
