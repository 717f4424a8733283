/** Keys and users by what they spent, and spend that begins anew for everybody. */
import { z } from "zod";
import type { Edit } from "../store/directory.ts";
import { toSummedNanos } from "../store/reports.ts";
import { toEdit } from "./items.ts";
import { toKeyRow } from "./key-row.ts";
import { editLimited } from "./limit-fields.ts";
import { inPages } from "./list.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toHours, toSpan } from "./spend-span.ts";
import { type AdminState, restate, toAct } from "./state.ts";
import { toUserRow } from "./user-row.ts";

/** Rows of one answer: each is asked for what counts as spent. */
const maxRows = 1_000;
/** Subjects of a kind that are told apart by what they spent. */
const maxSpenders = 100_000;
/** Edits in one transaction; calls that begin are not held up by more. */
const maxEdits = 500;

/** Ids of all that have ever spent, the dearest first. */
async function readSpenders(
	dimension: "key" | "user" | "team",
	{ engine, queries }: AdminState,
): Promise<ReadonlyMap<string, bigint>> {
	const hours = toHours(toSpan(null));
	const asked = { ...hours, dimension, count: maxSpenders };
	const rows = await engine.read(queries.reports.byId(asked));
	return new Map(rows.map(([id, , cost]) => [String(id), toSummedNanos(cost)]));
}

const bySpent =
	(spent: ReadonlyMap<string, bigint>) =>
	({ id: a }: { readonly id: string }, { id: b }: { readonly id: string }) => {
		const [x, y] = [spent.get(a) ?? 0n, spent.get(b) ?? 0n];
		return x === y ? 0 : x > y ? -1 : 1;
	};

/** So many questions at a time; more would keep others from the database. */
const maxAtOnce = 50;

const inGroups = <Item>(
	items: readonly Item[],
	toRow: (item: Item) => Promise<unknown>,
) =>
	inPages(items, {
		size: maxAtOnce,
		toPage: (some) => Promise.all(some.map(toRow)),
	});

/** @param pages as they are made; no more of them than are shown */
async function toFirst(pages: AsyncIterable<readonly unknown[]>) {
	const rows: unknown[] = [];
	for await (const page of pages) {
		rows.push(...page);
		if (rows.length >= maxRows) break;
	}
	return rows.slice(0, maxRows);
}

/** In the order of all that they ever spent, the dearest first. */
async function* pageKeys(_: Asked, state: AdminState) {
	const spent = await readSpenders("key", state);
	const keys = state.directory.keys.list().toSorted(bySpent(spent));
	yield* inGroups(keys, (key) => toKeyRow(key, state));
}

const usersQuery = z.object({ user_id: text.optional() });

/** The same of users. */
async function* pageUsers(
	{ query }: Asked<undefined, z.output<typeof usersQuery>>,
	state: AdminState,
) {
	const { users } = state.directory;
	const id = query.user_id;
	const found =
		id === undefined
			? users.list().toSorted(bySpent(await readSpenders("user", state)))
			: [users.byId(id)].flatMap((user) => user ?? []);
	yield* inGroups(found, (user) => toUserRow(user, state));
}

/** Of those who have spent anything, or of whom it was said. The ledger and its sums stay as they are. */
async function resetAll(asked: Asked, state: AdminState) {
	const { directory, clock } = state;
	const fields = { spend: 0 };
	for (const kind of ["key", "team"] as const) {
		const shelf = kind === "key" ? directory.keys : directory.teams;
		const spent = await readSpenders(kind, state);
		const ids = shelf
			.list()
			.filter(({ id, reset }) => spent.has(id) || (reset?.nanos ?? 0) > 0)
			.map(({ id }) => id);
		for (let at = 0; at < ids.length; at += maxEdits) {
			const some = ids.slice(at, at + maxEdits);
			const nowMs = clock.now();
			await directory.change(toAct(asked), () => {
				const edits = some.flatMap((id): Edit[] => {
					// Those that are gone meanwhile need none.
					const item = shelf.byId(id);
					if (item === null) return [];
					const edited = { ...item, ...editLimited(item, fields, nowMs) };
					return [toEdit(kind, id, edited as never)];
				});
				return { edits, result: null };
			});
			for (const id of some) {
				const item = shelf.byId(id);
				if (item !== null) await restate({ kind, id }, fields, item, state);
			}
		}
	}
	return {
		message: "Spend of all keys and teams counts from 0; the ledger stays.",
		status: "success",
	};
}

export const spendPeopleRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/spend/keys",
		summary: "Keys, those that spent most first",
		list: { member: null, pages: pageKeys },
		answer: (asked, state) => toFirst(pageKeys(asked, state)),
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/spend/users",
		summary: "Users, those that spent most first; or one",
		query: usersQuery,
		list: { member: null, pages: pageUsers },
		answer: (asked, state) => toFirst(pageUsers(asked, state)),
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/global/spend/reset",
		summary: "Let all keys and teams begin at 0; the ledger stays as it is",
		answer: resetAll,
	}),
];
