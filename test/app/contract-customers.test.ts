/** LiteLLM's contract of end users, row by row, under both of their names. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	acts,
	badBodies,
	badDollars,
	badIds,
	expectField,
	expectRefused,
	type Field,
	type FieldRoute,
	inert,
	limitFields,
	oddIds,
} from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", {
		budget_id: "linked",
		max_budget: 3,
		rpm_limit: 9,
	});
});
afterAll(() => op.stop());

let made = 0;
const ids = { user_id: "" };
const fresh = () => ({ ...ids, user_id: `end user ${made++}` });

const own: readonly Field[] = [
	acts("alias", "One"),
	acts("blocked", true, { nothing: [false] }),
	acts("spend", 0.25),
	acts("allowed_model_region", "eu"),
	acts("default_model", "claude-haiku-4-5"),
	inert("object_permission", { a: 1 }, {}),
	inert("budget_reset_at", "2030-01-01T00:00:00Z"),
	{ name: "allowed_model_region", other: "mars" },
	{ name: "budget_id", other: "no such budget" },
];

describe.each(["customer", "end_user"])("/%s", (name) => {
	const infoOf = (end_user_id: string) =>
		op.ask(`/${name}/info?${new URLSearchParams({ end_user_id })}`);
	const routes: Record<string, FieldRoute> = {
		new: {
			path: `/${name}/new`,
			body: async () => fresh(),
			row: (answer) => answer,
		},
		update: {
			path: `/${name}/update`,
			body: async () => {
				const { user_id } = await op.manage(`/${name}/new`, fresh());
				return { user_id };
			},
			row: (answer) => answer,
		},
	};

	describe.each(Object.keys(routes))("%s", (which) => {
		const route = routes[which] as FieldRoute;
		test.each(own.map((field) => [field.name, field] as const))(
			"%s",
			(_, field) => expectField(field, route, op),
		);
		test.each(limitFields.map((field) => [field.name, field] as const))(
			"%s, in the budget",
			(_, field) => {
				const row = ({
					litellm_budget_table: table,
				}: {
					[x: string]: object;
				}) => table ?? {};
				return expectField(field, { ...route, row }, op);
			},
		);
		test("bad amounts, unknown fields, bodies that are none", async () => {
			for (const bad of badDollars) {
				const whole = JSON.stringify({
					...(await route.body()),
					max_budget: 0,
				});
				const body = whole.replace(/0}$/, `${bad}}`);
				expectRefused(await op.post(route.path, body), 400, "max_budget");
			}
			const body = { ...(await route.body()), max_bugdet: 5 };
			expectRefused(await op.ask(route.path, body), 400, "max_bugdet");
			for (const [, text] of badBodies) {
				expect((await op.post(route.path, text)).status).toBe(400);
			}
		});
	});

	test("every field of the contract, with its default", async () => {
		const body = fresh();
		const row = {
			...body,
			alias: null,
			blocked: false,
			spend: 0,
			allowed_model_region: null,
			default_model: null,
			litellm_budget_table: null,
			object_permission_id: null,
			object_permission: null,
		};
		expect(await op.manage(`/${name}/new`, body)).toEqual(row);
		expect(await infoOf(body.user_id)).toEqual({ status: 200, body: row });
	});

	test("a budget by its id: what holds is shown, one's own words first", async () => {
		const body = { ...fresh(), budget_id: "linked", tpm_limit: 500 };
		const { litellm_budget_table: table } = await op.manage(
			`/${name}/new`,
			body,
		);
		expect(table).toMatchObject({
			budget_id: "linked",
			max_budget: 3,
			rpm_limit: 9,
			tpm_limit: 500,
		});
		const both = { ...fresh(), budget_id: "linked", max_budget: 1 };
		expect((await op.ask(`/${name}/new`, both)).status).toBe(400);
		await op.manage("/budget/new", { budget_id: `bare of ${name}` });
		const bare = { ...fresh(), budget_id: `bare of ${name}` };
		const linked = await op.manage(`/${name}/new`, bare);
		expect(linked.litellm_budget_table.budget_id).toBe(bare.budget_id);
		const nothing = { ...fresh(), budget_id: "linked", max_budget: null };
		expect((await op.ask(`/${name}/new`, nothing)).status).toBe(200);
	});

	test("what info shows comes back and changes nothing", async () => {
		const body = {
			...fresh(),
			alias: "Whole",
			max_budget: 5,
			budget_duration: "1mo",
			rpm_limit: 60,
			default_model: "m",
		};
		await op.manage(`/${name}/new`, body);
		const { key } = await op.manage("/key/generate", {});
		const user = { litellm_metadata: { user: body.user_id } };
		const { cost } = await op.spend(key, user);
		const { body: before } = await infoOf(body.user_id);
		expect(before).toMatchObject({ spend: cost, alias: "Whole" });
		for (let i = 0; i < 2; i++) {
			expect(await op.manage(`/${name}/update`, before)).toEqual(before);
		}
		const { user_id } = body;
		const torn = { user_id, litellm_budget_table: { max_budget: 100 } };
		expectRefused(
			await op.ask(`/${name}/update`, torn),
			400,
			"litellm_budget_table",
		);
	});

	test("an unknown one is 404, one whom calls have named is made", async () => {
		const { user_id } = fresh();
		const unknown = await infoOf(user_id);
		expectRefused(unknown, 404, "end_user_id");
		expect(unknown.body.error.message).toBe(
			`End User Id=${user_id} does not exist in db.`,
		);
		const body = { user_id, max_budget: 5 };
		expectRefused(await op.ask(`/${name}/update`, body), 404, "user_id");
		const { key } = await op.manage("/key/generate", {});
		const named = { litellm_metadata: { user: user_id } };
		const { cost, id } = await op.spend(key, named);
		await op.rig.entryOf(id);
		expect(await op.manage(`/${name}/update`, body)).toMatchObject({
			user_id,
			spend: cost,
			litellm_budget_table: { max_budget: 5 },
		});
	});

	test("blocked twice, unblocked twice, deleted twice, made twice", async () => {
		const { user_id } = fresh();
		const many = { user_ids: [user_id, user_id] };
		for (const path of ["block", "block", "unblock", "unblock"]) {
			const { blocked_users } = await op.manage(`/${name}/${path}`, many);
			expect(blocked_users).toMatchObject([
				{ user_id, blocked: path === "block" },
			]);
		}
		const again = await op.ask(`/${name}/new`, { user_id });
		expectRefused(again, 400, "user_id");
		expect(again.body.error.type).toBe("bad_request");
		expect(await op.manage(`/${name}/delete`, many)).toMatchObject({
			deleted_customers: 1,
		});
		expectRefused(await op.ask(`/${name}/delete`, many), 404, null);
		for (const path of ["block", "unblock", "delete"]) {
			for (const bad of [{}, { user_ids: "x" }, { user_ids: [null] }]) {
				expectRefused(await op.ask(`/${name}/${path}`, bad), 400, "user_ids");
			}
		}
	});

	test.each(oddIds)("the end user %s", async (id) => {
		const { user_id } = await op.manage(`/${name}/new`, { user_id: id });
		const { key } = await op.manage("/key/generate", {});
		await op.spend(key, { litellm_metadata: { user: id } });
		const { body } = await infoOf(id);
		expect(body.user_id).toBe(user_id);
		expect(body.spend).toBeGreaterThan(0);
		await op.manage(`/${name}/delete`, { user_ids: [id] });
	});

	test.each([...badIds, '""', '"\u200b"'])("the id %s is none", async (bad) => {
		const answer = await op.post(`/${name}/new`, `{"user_id":${bad}}`);
		expectRefused(answer, 400, "user_id");
	});
});
