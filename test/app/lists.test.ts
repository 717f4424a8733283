/** Every list of the management API as JSON, JSONL and CSV: the same rows, whichever route a table brings. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { z } from "zod";
import { toRows } from "../../src/admin/list.ts";
import type { ManagedRoute } from "../../src/admin/route.ts";
import { manageRoutes, reportRoutes } from "../../src/app/managed-routes.ts";
import { readCsv } from "../csv.ts";
import { masterKey, type Operator, openOperator } from "./operator.ts";

setDefaultTimeout(20_000);

const routes: readonly ManagedRoute<never>[] = [
	...reportRoutes,
	...manageRoutes,
];
const byName = (some: readonly ManagedRoute<never>[]) =>
	some.map((route) => [`${route.method} ${route.path}`, route] as const);
const lists = routes.filter(({ list }) => list !== undefined);

const formula = '=HYPERLINK(1),"a"\r\n;';
let op: Operator;
let holder = "";

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", { budget_id: "+budget", max_budget: 5 });
	await op.manage("/team/new", { team_id: "t1", team_alias: "@team" });
	await op.manage("/user/new", { user_id: "ada", auto_create_key: false });
	await op.manage("/tag/new", { name: "-tag", max_budget: 5 });
	await op.manage("/customer/new", { user_id: "acme" });
	const made = await op.manage("/key/generate", {
		user_id: "ada",
		team_id: "t1",
		key_alias: "=1+1",
		metadata: { note: formula },
	});
	holder = made.key;
	for (const user of ["acme", "=cmd"]) {
		await op.spend(holder, {
			litellm_metadata: { tags: ["-tag", "=tag"], user, session_id: "@s" },
		});
	}
});
afterAll(() => op.stop());

const dayMs = 86_400_000;
const toDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);
/** Whatever lists ask for; each gets what it knows. */
const toQuery = ({ query }: ManagedRoute<never>) => {
	const known = Object.keys((query as z.ZodObject | undefined)?.shape ?? {});
	const values = {
		start_date: toDay(Date.now() - dayMs),
		end_date: toDay(Date.now() + dayMs),
		session_id: "@s",
		return_full_object: "true",
	};
	// By a session `/spend/logs/v2` would be another list.
	const wanted = known.includes("sort_by") ? known.slice(0, -1) : known;
	return Object.entries(values).filter(
		([name]) =>
			wanted.includes(name) &&
			!(name === "session_id" && known.includes("sort_by")),
	);
};
const bodies: Readonly<Record<string, object>> = {
	"/budget/info": { budgets: ["+budget"] },
};

const ask = (
	{ method, path }: Pick<ManagedRoute<never>, "method" | "path">,
	query: readonly (readonly [string, string])[],
	headers: Readonly<Record<string, string>> = {},
) =>
	fetch(
		`${op.rig.url}${path}?${new URLSearchParams(query.map((pair) => [...pair]))}`,
		{
			method,
			headers: { authorization: `Bearer ${masterKey}`, ...headers },
			body: method === "POST" ? JSON.stringify(bodies[path] ?? {}) : null,
		},
	);

/** A cell as it should be. */
function toShown(value: unknown): string {
	if (value === null || value === undefined) return "";
	if (typeof value === "number" || typeof value === "boolean") {
		return String(value);
	}
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

test.each(byName(lists))("%s: the same rows in each form", async (_, route) => {
	const query = toQuery(route);
	const { member = null } = route.list ?? {};
	const json = await ask(route, query);
	expect(json.headers.get("content-type")).toStartWith("application/json");
	const rows = toRows(await json.json(), { member });
	expect(rows.length).toBeGreaterThan(0);

	const jsonl = await ask(route, [...query, ["format", "jsonl"]]);
	expect(jsonl.status).toBe(200);
	const lines = (await jsonl.text()).trimEnd().split("\n");
	expect(lines.map((line) => JSON.parse(line))).toEqual([...rows]);

	const csv = await ask(route, query, { accept: "text/csv" });
	expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
	expect(csv.headers.get("content-disposition")).toMatch(
		/^attachment; filename="[a-z0-9_-]+\.csv"$/,
	);
	expect(Number(csv.headers.get("x-tollway-max-rows"))).toBeGreaterThan(999);
	const [names = [], ...cells] = readCsv(await csv.text());
	expect(cells).toEqual(
		rows.map((row) => {
			const isObject = typeof row === "object" && row !== null;
			const values = isObject ? { ...row } : { [member ?? "value"]: row };
			const shown = new Map(
				Object.entries(values).map(([name, value]) => [toShown(name), value]),
			);
			for (const name of shown.keys()) expect(names).toContain(name);
			return names.map((name) => toShown(shown.get(name)));
		}),
	);
	for (const cell of [names, ...cells].flat()) {
		expect(cell).not.toMatch(/^[=+@\t\r]|^-(?![\d.]+$)/);
	}
});

/** They show one thing, and lists only as parts of it. */
const notLists: ReadonlySet<string> = new Set([
	"/user/info",
	"/team/info",
	"/key/info",
]);

test("no other route answers with a list", async () => {
	for (const route of routes) {
		const { method, path, list } = route;
		const isOpen = list !== undefined || path.includes(":");
		if (method === "POST" || isOpen || notLists.has(path)) continue;
		const reply = await ask(route, [
			...toQuery(route),
			["end_user_id", "acme"],
		]);
		const body = await reply.json();
		const members = [body, ...Object.values(body ?? {})];
		expect([path, members.some(Array.isArray)]).toEqual([path, false]);
		const refused = await ask(route, [["format", "csv"]]);
		expect([path, refused.status]).toEqual([path, 400]);
	}
});

test("a form that there is not is refused by its name, before anything is done", async () => {
	const [list] = lists;
	const reply = await ask(list as ManagedRoute<never>, [["format", "xlsx"]]);
	expect(reply.status).toBe(400);
	expect((await reply.json()).error).toMatchObject({
		param: "format",
		message: "format: must be json, csv, jsonl.",
	});
});

test("what a client accepts decides, and whoever accepts anything gets JSON", async () => {
	const route = { method: "GET", path: "/spend/logs" } as const;
	const types: readonly (readonly [string, string])[] = [
		["*/*", "application/json"],
		["text/html, */*;q=0.8", "application/json"],
		["application/x-ndjson", "application/x-ndjson"],
		["application/jsonl", "application/x-ndjson"],
		["text/csv;q=0.5, application/json;q=0.1", "text/csv"],
	];
	for (const [accept, type] of types) {
		const reply = await ask(route, [], { accept });
		expect([accept, reply.headers.get("content-type")]).toEqual([
			accept,
			expect.stringContaining(type),
		]);
		await reply.text();
	}
});

test("the holder of a key gets the own rows, and no operator's list", async () => {
	const own = { authorization: `Bearer ${holder}` };
	const other = await op.spend(masterKey);
	const logs = await ask(
		{ method: "GET", path: "/spend/logs" },
		[["format", "jsonl"]],
		own,
	);
	const rows = (await logs.text()).trimEnd().split("\n");
	expect(rows).toHaveLength(2);
	expect(rows.join()).not.toContain(other.id);
	const refused = await ask(
		{ method: "GET", path: "/key/list" },
		[["format", "csv"]],
		own,
	);
	expect(refused.status).toBe(403);
});

test("a list is whole, a page of it where one is asked for", async () => {
	const route = { method: "GET", path: "/spend/logs/v2" } as const;
	const query = [
		["start_date", toDay(Date.now() - dayMs)],
		["end_date", toDay(Date.now() + dayMs)],
		["page_size", "1"],
		["format", "jsonl"],
	] as const;
	const count = async (more: readonly (readonly [string, string])[]) =>
		(await (await ask(route, [...query, ...more])).text()).trimEnd().split("\n")
			.length;
	expect(await count([])).toBeGreaterThanOrEqual(2);
	expect(await count([["page", "2"]])).toBe(1);
});
