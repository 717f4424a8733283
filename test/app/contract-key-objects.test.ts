/** Keys as LiteLLM's scripts keep them: whole objects that come back, names, pages, many at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { badIds, expectRefused, oddIds, raiseFields } from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", { budget_id: "linked", max_budget: 3 });
});
afterAll(() => op.stop());

const make = (fields: object = {}) => op.manage("/key/generate", fields);
const infoOf = async (name: string) =>
	(await op.manage(`/key/info?${new URLSearchParams({ key: name })}`)).info;

describe("whole objects", () => {
	const full = {
		key_alias: "whole",
		user_id: "ada",
		team_id: "red",
		organization_id: "acme",
		duration: "30d",
		models: ["claude-*"],
		aliases: { fast: "claude-haiku-4-5" },
		tags: ["a", "b"],
		metadata: { owner: "x", nested: { a: [1, null] } },
		allowed_routes: ["/v1/messages"],
		max_budget: 5,
		soft_budget: 4,
		budget_duration: "1mo",
		budget_limits: [{ budget_duration: "1d", max_budget: 1 }],
		budget_id: "linked",
		rpm_limit: 60,
		tpm_limit: 1_000_000,
		max_parallel_requests: 5,
		model_max_budget: { "claude-*": { budget_limit: 3, time_period: "1d" } },
		model_rpm_limit: { "claude-*": 50 },
		model_tpm_limit: { "claude-*": 900_000 },
		...raiseFields,
	};
	const withoutTimes = ({ updated_at: _, ...row }: Record<string, unknown>) =>
		row;

	test("what info shows comes back and changes nothing", async () => {
		const { key, token } = await make(full);
		const { cost } = await op.spend(key);
		const before = await infoOf(key);
		expect(before.spend).toBe(cost);
		expect(before.metadata).toEqual({
			...full.metadata,
			...raiseFields,
			tags: full.tags,
			model_rpm_limit: full.model_rpm_limit,
			model_tpm_limit: full.model_tpm_limit,
		});
		for (let i = 0; i < 2; i++) {
			const { key: name, ...row } = await op.manage("/key/update", {
				...before,
				key,
			});
			expect(name).toBe(key);
			expect(withoutTimes(row)).toEqual(withoutTimes(before));
		}
		const [stored] = await op.rig.read(
			`SELECT doc FROM @objects WHERE id = '${token}'`,
		);
		const doc = JSON.parse(String(stored?.[0]));
		expect(doc.metadata).toEqual(full.metadata);
		expect(doc.reset).toBeNull();
		const path = "/key/list?key_alias=whole&return_full_object=true";
		const { keys } = await op.manage(path);
		const listed = await op.manage("/key/update", { ...keys[0], key: token });
		expect(listed.spend).toBe(cost);
	});

	test("so does what generate answers", async () => {
		const answer = await make();
		const { duration: _, ...row } = answer;
		expect((await op.ask("/key/update", row)).status).toBe(200);
		const { key_alias } = await op.manage("/key/update", {
			...row,
			key_alias: "changed",
		});
		expect(key_alias).toBe("changed");
	});

	test.each([
		["expires", "2030-01-01T00:00:00Z"],
		["token", "0".repeat(64)],
		["key_name", "sk-...mine"],
		["created_by", "mallory"],
		["created_at", "2020-01-01T00:00:00Z"],
		["budget_reset_at", "2030-01-01T00:00:00Z"],
		["litellm_budget_table", { max_budget: 100 }],
		["model_spend", { m: 1 }],
	])(
		"%s is only shown, and refused where it says something else",
		async (name, value) => {
			const { key } = await make();
			const answer = await op.ask("/key/update", { key, [name]: value });
			expectRefused(answer, 400, name);
		},
	);

	test("limits and tags within metadata act, and go when they are said anew", async () => {
		const { key, ...row } = await make({
			metadata: { model_rpm_limit: { m: 1 }, tags: ["t"], owner: "x" },
			model_rpm_limit: null,
		});
		expect(row).toMatchObject({ model_rpm_limit: { m: 1 }, tags: ["t"] });
		const updated = await op.manage("/key/update", {
			key,
			model_rpm_limit: {},
			tags: [],
		});
		expect(updated.metadata).toEqual({ owner: "x" });
		const wrong = { metadata: { model_rpm_limit: { m: "fast" } } };
		expectRefused(await op.ask("/key/generate", wrong), 400, "model_rpm_limit");
		// A member of that name that is no list of tags is its owner's.
		const own = { tags: { a: 1 }, model_rpm_limit: "x" };
		expect((await make({ metadata: own })).metadata).toEqual(own);
	});
});

describe("by whatever name", () => {
	test.each(["key", "token", "key_alias"])("%s", async (name) => {
		const row = await make({ key_alias: `found by ${name}` });
		const by = row[name];
		expect((await infoOf(by)).key_alias).toBe(row.key_alias);
		const answers = [
			await op.manage("/key/update", { key: by, rpm_limit: 7 }),
			await op.manage("/key/block", { key: by }),
			await op.manage("/key/block", { key: by }),
			await op.manage("/key/unblock", { key: by }),
			await op.manage("/key/unblock", { key: by }),
			await op.manage(`/key/${encodeURIComponent(by)}/reset_spend`, {
				reset_to: 1,
			}),
		];
		expect(answers[0].key).toBe(by);
		expect(answers.slice(1).map((one) => one.blocked)).toEqual([
			true,
			true,
			false,
			false,
			false,
		]);
		expect(answers[5]).toMatchObject({ token: row.token, spend: 1 });
		const renewed = await op.manage("/key/regenerate", { key: by });
		expect(renewed).toMatchObject({ key_alias: row.key_alias, rpm_limit: 7 });
		const last = name === "key" ? renewed.key : by;
		const body =
			name === "key_alias" ? { key_aliases: [by] } : { keys: [last] };
		expect(await op.manage("/key/delete", body)).toEqual({
			deleted_keys: [last],
		});
		expectRefused(await op.ask("/key/delete", body), 404, null);
		const info = `/key/info?${new URLSearchParams({ key: last })}`;
		expect((await op.ask(info)).body.error.type).toBe("not_found_error");
	});

	test("a new value without a body, and the path's key and no other", async () => {
		const [a, b] = [await make(), await make()];
		const path = `/key/${a.token}/regenerate`;
		const renewed = await op.post(path, "");
		expect(renewed).toMatchObject({ status: 200, body: { token: a.token } });
		expect((await op.call(a.key)).status).toBe(401);
		expect((await op.call(renewed.body.key)).status).toBe(200);
		expectRefused(await op.ask(path, { key: b.key }), 400, "key");
		expectRefused(await op.ask("/key/regenerate", {}), 400, "key");
		for (const bad of [{ new_master_key: "sk-x" }, { grace_period: "-1" }]) {
			const [param] = Object.keys(bad);
			expectRefused(await op.ask(path, bad), 400, param);
		}
		const own = "sk-a-chosen-new-value-0123";
		expect((await op.manage(path, { new_key: own })).key).toBe(own);
		expectRefused(await op.ask(path, { new_key: own }), 400, "key");
	});

	test("in its last hours a value may ask about its own key", async () => {
		const { key, token } = await make();
		await op.manage("/key/regenerate", { key, grace_period: "1h" });
		for (const path of ["/key/info", `/key/info?key=${key}`]) {
			const own = await op.ask(path, undefined, key);
			expect(own.status).toBe(200);
		}
		expect(
			(await op.ask(`/key/info?key=${token}`, undefined, key)).status,
		).toBe(200);
	});

	test.each(badIds)("the alias %s is none", async (bad) => {
		const answer = await op.post("/key/generate", `{"key_alias":${bad}}`);
		expectRefused(answer, 400, "key_alias");
	});

	test.each(oddIds)("the alias and user %s", async (odd) => {
		const row = { key_alias: odd, user_id: odd, team_id: odd };
		const { key, token } = await make(row);
		expect(await infoOf(odd)).toMatchObject(row);
		for (const filter of ["key_alias", "user_id", "team_id"]) {
			const query = new URLSearchParams({ [filter]: odd });
			const { keys } = await op.manage(`/key/list?${query}`);
			expect(keys).toEqual([token]);
		}
		const { id } = await op.spend(key);
		expect(await op.rig.entryOf(id)).toMatchObject({
			userId: odd,
			teamId: odd,
		});
		await op.manage("/key/delete", { key_aliases: [odd] });
	});
});

describe("pages", () => {
	const count = 23;
	beforeAll(async () => {
		for (let at = 0; at < count; at++) await make({ user_id: "pager" });
	});
	const list = (query: string) => op.ask(`/key/list?user_id=pager${query}`);

	test.each([
		["", 10, 1, 3],
		["&page=3", 3, 3, 3],
		["&page=4", 0, 4, 3],
		["&page=999999", 0, 999_999, 3],
		["&size=100", 23, 1, 1],
		["&size=1&page=23", 1, 23, 23],
		["&page=&size=", 10, 1, 3],
	])("%p", async (query, keys, page, pages) => {
		const { status, body } = await list(query);
		expect(status).toBe(200);
		expect(body.keys).toHaveLength(keys);
		expect(body).toMatchObject({
			total_count: count,
			current_page: page,
			total_pages: pages,
		});
	});

	test.each([
		["size", "0"],
		["size", "101"],
		["size", "-1"],
		["size", "ten"],
		["page", "0"],
		["page", "-1"],
		["page", "1.5"],
		["sort_by", "secret"],
		["sort_order", "up"],
		["expand", "team"],
		["return_full_object", "maybe"],
		["status", "deleted"],
		["project_id", "p"],
		["access_group_id", "g"],
	])("%s=%s is refused", async (name, value) => {
		expectRefused(await list(`&${name}=${value}`), 400, name);
	});

	test("every key once, whatever the order", async () => {
		const orders = ["created_at", "updated_at", "token", "key_alias", "spend"];
		for (const order of [...orders, "max_budget"]) {
			const seen: string[] = [];
			for (const page of [1, 2, 3]) {
				const query = `&sort_by=${order}&sort_order=asc&page=${page}`;
				seen.push(...(await list(query)).body.keys);
			}
			expect(new Set(seen).size).toBe(count);
		}
	});
});

describe("at once", () => {
	test("changes of one key do not undo each other", async () => {
		const { key } = await make();
		const parts = [
			{ rpm_limit: 1 },
			{ tpm_limit: 2 },
			{ max_budget: 3 },
			{ user_id: "u" },
			{ models: ["m"] },
			{ metadata: { a: 1 } },
		];
		const answers = await Promise.all(
			parts.map((part) => op.ask("/key/update", { key, ...part })),
		);
		expect(answers.map(({ status }) => status)).toEqual(parts.map(() => 200));
		expect(await infoOf(key)).toMatchObject(Object.assign({}, ...parts));
	});

	test("one of many has the alias, one deletion of many deletes", async () => {
		const tries = Array.from({ length: 8 }, () =>
			op.ask("/key/generate", { key_alias: "wanted" }),
		);
		const statuses = (await Promise.all(tries)).map(({ status }) => status);
		expect(statuses.toSorted()).toEqual([200, ...Array(7).fill(400)]);
		const gone = await Promise.all(
			Array.from({ length: 4 }, () =>
				op.ask("/key/delete", { key_aliases: ["wanted"] }),
			),
		);
		const ends = gone.map(({ status }) => status);
		expect(ends.toSorted()).toEqual([200, 404, 404, 404]);
	});
});

test("a value of one's own that is made again begins with nothing", async () => {
	const key = "sk-made-again-and-again-0123";
	const { token } = await make({ key });
	await op.spend(key);
	await op.manage("/key/delete", { keys: [token] });
	expect((await make({ key })).spend).toBe(0);
	const { cost } = await op.spend(key);
	expect((await infoOf(key)).spend).toBe(cost);
});
