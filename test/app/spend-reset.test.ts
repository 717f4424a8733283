/** Spend that begins anew for everybody, and who spent most, as a running gateway has it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

test("keys and teams count from 0 again, and spend up to their budget; the ledger stays", async () => {
	await op.manage("/team/new", { team_id: "research" });
	const member = await op.manage("/key/generate", { team_id: "research" });
	const idle = await op.manage("/key/generate", { key_alias: "idle" });
	const { cost, held, id } = await op.spend(member.key);
	// Room for one call, and not for a second beside what the first has cost.
	const key = await op.manage("/key/generate", {
		max_budget: held + cost / 2,
		user_id: "ada",
	});
	await op.manage("/user/new", { user_id: "ada", auto_create_key: false });
	const first = await op.spend(key.key);
	expect((await op.call(key.key)).status).toBe(429);

	const keys = await op.manage("/spend/keys");
	expect(keys.map((row: { token: string }) => row.token).sort()).toEqual(
		[member.token, idle.token, key.token].sort(),
	);
	expect(keys.at(-1)).toMatchObject({ token: idle.token, spend: 0 });
	expect(keys[0]).toMatchObject({ spend: cost });
	expect(await op.manage("/spend/users")).toMatchObject([
		{ user_id: "ada", spend: first.cost },
	]);
	expect(await op.manage("/spend/users?user_id=nobody")).toEqual([]);

	for (const [caller, status] of [
		[member.key, 403],
		[null, 401],
	] as const) {
		const answer = await op.ask("/global/spend/reset", {}, caller);
		expect(answer.status).toBe(status);
	}
	const reset = await op.ask("/global/spend/reset", {});
	expect(reset).toMatchObject({ status: 200, body: { status: "success" } });
	const info = await op.manage(`/key/info?key=${member.token}`);
	expect(info.info.spend).toBe(0);
	const team = await op.manage("/team/info?team_id=research");
	expect(team.team_info.spend).toBe(0);
	expect((await op.call(key.key)).status).toBe(200);

	const rows = await op.manage(`/spend/logs?request_id=${id}`);
	expect(rows).toMatchObject([{ spend: cost }]);
	const today = new Date(rows[0].startTime).toISOString().slice(0, 10);
	const days = `start_date=${today}&end_date=${today}`;
	const found = await op.manage(
		`/spend/logs/v2?${days}&api_key=${member.token}`,
	);
	expect(found).toMatchObject({ total: 1, data: [{ request_id: id }] });
	const own = await op.ask(`/spend/logs/v2?${days}`, undefined, member.key);
	expect(own.body).toMatchObject({ total: 1, data: [{ request_id: id }] });
});
