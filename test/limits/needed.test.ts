/** Which moments of old still count: those within an hour at which a window began, or spend was said anew. */
import { expect, test } from "bun:test";
import type { Directory } from "../../src/domain/directory.ts";
import { noLimits } from "../../src/domain/limit-set.ts";
import { findNeededMs } from "../../src/limits/needed.ts";

const nowMs = Date.UTC(2026, 10, 22, 12);
const dayMs = 86_400_000;
/** Half past an hour, so many days ago. */
const ago = (days: number) => nowMs - days * dayMs - 1_800_000;

const blank = {
	...{ ...noLimits, id: "x", alias: null, budgetId: null, raise: null },
	...{ reset: null, createdMs: ago(300) },
};

const find = (
	shelves: Readonly<Record<string, readonly object[]>>,
	timeZone = "UTC",
) => {
	const toShelf = (items: readonly object[] = []) => ({
		list: () => items,
		byId: (id: string) =>
			items.find((item) => "id" in item && item.id === id) ?? null,
	});
	const names = ["keys", "users", "teams", "customers", "budgets", "tags"];
	return findNeededMs({
		directory: Object.fromEntries(
			names.map((name) => [name, toShelf(shelves[name])]),
		) as unknown as Directory,
		clock: { now: () => nowMs },
		calendar: { timeZone, resetMinute: 0 },
		global: noLimits,
		endUserBudgetId: null,
	});
};

const never = Number.POSITIVE_INFINITY;
const reset = { nanos: 0, atMs: ago(50) };
const yearly = { maxBudgetNanos: 1, budgetDuration: "365d" };

test("what has no window, or one that begins with an hour, needs nothing", async () => {
	expect(await find({ keys: [blank] })).toBe(never);
	const monthly = { ...blank, maxBudgetNanos: 1, budgetDuration: "30d" };
	expect(await find({ keys: [monthly], users: [monthly] })).toBe(never);
	// Of those days begin half an hour within an hour.
	const startMs = Date.UTC(2026, 9, 31, 18, 30);
	expect(await find({ keys: [monthly] }, "Asia/Kolkata")).toBe(startMs);
});

test("spend that was said anew counts as long as its window is open", async () => {
	expect(await find({ keys: [{ ...blank, reset }] })).toBe(ago(50));
	const weekly = { ...blank, reset, maxBudgetNanos: 1, budgetDuration: "7d" };
	expect(await find({ tags: [weekly] })).toBe(never);
	expect(await find({ tags: [{ ...weekly, ...yearly }] })).toBe(ago(50));
});

test("rolling windows, members' and linked budgets' among them", async () => {
	const rolling = { ...blank, maxBudgetNanos: 1, budgetDuration: "1000h" };
	const startMs = ago(300) + 7 * 1_000 * 3_600_000;
	expect(await find({ budgets: [rolling] })).toBe(startMs);
	const linked = { ...blank, id: "y", budgetId: "x", reset };
	expect(await find({ budgets: [rolling], keys: [linked] })).toBe(startMs);
	const member = {
		...{ userId: "u", role: "user", rpmLimit: null, tpmLimit: null },
		...{ maxBudgetNanos: null, budgetDuration: null },
		...{ reset, addedMs: ago(60) },
	};
	const team = { ...blank, members: [member], memberLimits: noLimits };
	expect(await find({ teams: [team] })).toBe(ago(50));
});
