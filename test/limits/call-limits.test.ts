/** Whose limits a call must keep, from moment to moment. */
import { expect, test } from "bun:test";
import { type LimitSet, noLimits } from "../../src/domain/limit-set.ts";
import type { Member, Team } from "../../src/domain/people.ts";
import type { VirtualKey } from "../../src/domain/virtual-key.ts";
import {
	type Belonging,
	openCallLimits,
	toMemberSet,
} from "../../src/limits/call-limits.ts";

const hourMs = 3_600_000;
const blank = {
	...noLimits,
	budgetId: null,
	raise: null,
	reset: null,
	createdMs: 0,
	alias: null,
	blocked: false,
	models: [],
	tags: [],
	members: [],
};

/** Of plain objects by kind and id; `clock` can be moved. */
function open(
	items: Readonly<Record<string, Readonly<Record<string, object>>>>,
) {
	const clock = { nowMs: 0, now: () => clock.nowMs, monotonic: () => 0 };
	const state = { version: 1 };
	const shelf = (kind: string) => ({
		byId: (id: string) =>
			items[kind]?.[id] ? { ...blank, id, ...items[kind][id] } : null,
	});
	const directory = {
		...Object.fromEntries(
			["users", "teams", "customers", "budgets", "tags"].map((kind) => [
				kind,
				shelf(kind),
			]),
		),
		version: () => state.version,
	};
	const limits = openCallLimits({
		directory: directory as never,
		clock,
		calendar: { timeZone: "UTC", resetMinute: 0 },
		global: { ...noLimits, maxParallel: 9 },
		endUserBudgetId: null,
		nameEndUser: (endUser) => endUser,
		models: {
			toSumModel: (model) => model.replace(/-latest$/, ""),
			isFor: (pattern, model) => pattern.replace(/-latest$/, "") === model,
			version: () => "1",
		},
	});
	const toKey = (key: object) =>
		({ ...blank, id: "k", ...key }) as unknown as VirtualKey;
	const find = (key: VirtualKey | null, more: Partial<Belonging> = {}) =>
		limits.find({
			key,
			keyId: "k",
			endUser: null,
			tags: [],
			models: ["m"],
			startedMs: clock.nowMs,
			...more,
		});
	const said = (...asked: Parameters<typeof find>) =>
		find(...asked).limits.map(
			({ subject, measure, ceiling, model }) =>
				`${subject.kind} ${measure} ${ceiling}${model === null ? "" : ` ${model}`}`,
		);
	return { clock, find, said, toKey };
}

const everybody = "global concurrent 9";

test("a raise ends at its moment, and not before", () => {
	const { clock, said, toKey } = open({});
	const raise = { nanos: 5, untilMs: hourMs };
	const key = toKey({ maxBudgetNanos: 10, raise });
	expect(said(key)).toEqual(["key nanos 15", everybody]);
	clock.nowMs = hourMs - 1;
	expect(said(key)).toEqual(["key nanos 15", everybody]);
	clock.nowMs = hourMs;
	expect(said(key)).toEqual(["key nanos 10", everybody]);
	// A raise of nothing is no budget.
	expect(said(toKey({ raise: { nanos: 5, untilMs: 9 * hourMs } }))).toEqual([
		everybody,
	]);
});

test("what is linked fills in, and windows count from the making of whoever said them", () => {
	const linked = { maxBudgetNanos: 7, budgetDuration: "5h", rpmLimit: 3 };
	const items = { budgets: { b: { ...linked, createdMs: 2 * hourMs } } };
	const { find, said, toKey } = open(items);
	const anchors = (key: VirtualKey) =>
		find(key).limits.flatMap(({ span }) =>
			span.kind === "scheduled" ? [span.schedule.anchorMs] : [],
		);
	const plain = toKey({ budgetId: "b", createdMs: hourMs });
	expect(said(plain)).toEqual(["key requests 3", "key nanos 7", everybody]);
	expect(anchors(plain)).toEqual([2 * hourMs]);
	const own = toKey({ ...plain, maxBudgetNanos: 4, budgetDuration: "5h" });
	expect(said(own)).toEqual(["key requests 3", "key nanos 4", everybody]);
	expect(anchors(own)).toEqual([hourMs]);
});

test("a user's limits are for keys without a team, a member's for those with one", () => {
	const { said, find, toKey } = open({
		users: { u: { maxBudgetNanos: 1 } },
		teams: {
			t: {
				maxBudgetNanos: 2,
				memberLimits: { ...noLimits, maxBudgetNanos: 3 },
			},
		},
	});
	expect(said(toKey({ userId: "u", teamId: null }))).toEqual([
		everybody,
		"user nanos 1",
	]);
	const ofTeam = toKey({ userId: "u", teamId: "t" });
	expect(said(ofTeam)).toEqual([everybody, "team nanos 2", "member nanos 3"]);
	// It counts for the user all the same.
	const kinds = find(ofTeam).subjects.map(({ kind }) => kind);
	expect(kinds).toEqual(["key", "global", "team", "member", "user"]);
});

test("what a member is not given is as the team says for all of them", () => {
	const under = { maxBudgetNanos: 3, budgetDuration: "1d", rpmLimit: 5 };
	const of = (member: Partial<Member>) => {
		const all = { maxBudgetNanos: null, budgetDuration: null, rpmLimit: null };
		const members = [{ ...all, userId: "u", reset: null, ...member }];
		const team = { ...blank, memberLimits: under, members } as unknown as Team;
		const set = toMemberSet(team, "u") as LimitSet;
		return [set.maxBudgetNanos, set.budgetDuration, set.rpmLimit];
	};
	expect(of({})).toEqual([3, "1d", 5]);
	expect(of({ rpmLimit: 1 })).toEqual([3, "1d", 1]);
	expect(of({ budgetDuration: "7d" })).toEqual([3, "7d", 5]);
	// A budget of their own keeps the team's time.
	expect(of({ maxBudgetNanos: 9 })).toEqual([9, "1d", 5]);
});

test("limits of a model bind by each of its names; a list that is the same is the same list", () => {
	const { find, said, toKey } = open({});
	const one = { maxBudgetNanos: 5, duration: null, rpmLimit: null };
	const modelLimits = [{ ...one, model: "m", tpmLimit: null }];
	const key = toKey({ modelLimits });
	for (const model of ["m", "m-latest"]) {
		expect(said(key, { models: ["x", model] })).toEqual([
			"key nanos 5 m",
			everybody,
		]);
	}
	expect(said(key, { models: ["x"] })).toEqual([everybody]);
	expect(find(key).limits).toBe(find(key).limits);
	const labelled = { endUser: "e", tags: ["a"] };
	expect(find(key, labelled).limits).toBe(find(key, labelled).limits);
});

test("whoever has the master key is bound by nobody's limits but everybody's, and counts for all", () => {
	const { find, said } = open({
		customers: { e: { maxBudgetNanos: 1 } },
		tags: { a: { maxBudgetNanos: 1 } },
	});
	const labelled = { endUser: "e", tags: ["a"] };
	expect(said(null, labelled)).toEqual([everybody]);
	const kinds = find(null, labelled).subjects.map(({ kind }) => kind);
	expect(kinds).toEqual(["global", "customer", "tag"]);
});
