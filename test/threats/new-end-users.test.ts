/** T-18: who invents an end user for every call gets no budget for every call. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Operator, openOperator } from "../app/operator.ts";

/** Names of their own, by key and day. */
const named = 1_000;
const more = 100;
const nameOf = (at: number) => `invented-${at}`;

const call = (op: Operator, key: string, user: string, delay_ms = 0) =>
	op.call(
		key,
		{},
		{
			"x-litellm-end-user-id": user,
			"x-simulator-script": JSON.stringify({ delay_ms }),
		},
	);

/** What such a call holds, in dollars. */
async function readHold(): Promise<number> {
	const op = await openOperator();
	try {
		const { key } = await op.manage("/key/generate", {});
		return (await op.spend(key)).held;
	} finally {
		await op.stop();
	}
}

async function expectFull(op: Operator, key: string, user: string, as: string) {
	const { status, error } = await call(op, key, user);
	expect([user, status]).toEqual([user, 429]);
	expect(error.message).toContain(`The budget of end user ${as} is`);
}

test("T-18: a thousand have a budget each, all others one, before and after a restart", async () => {
	const folder = mkdtempSync(join(tmpdir(), "tollway-end-users-"));
	const env = {
		TOLLWAY_DATA_DIR: folder,
		TOLLWAY_END_USER_BUDGET_ID: "each",
	};
	try {
		const op = await openOperator(env);
		const { key: first } = await op.manage("/key/generate", {});
		const { key: other } = await op.manage("/key/generate", {});
		const held = await readHold();
		await op.manage("/budget/new", {
			budget_id: "each",
			max_budget: held,
			budget_duration: "30d",
		});
		// Known to the operator: always somebody of their own.
		await op.manage("/customer/new", { user_id: "known", max_budget: held });
		const before = op.rig.simulator.record.all().length;
		const answers = await Promise.all(
			Array.from({ length: named + more }, (_, at) =>
				call(op, first, nameOf(at), 2_500),
			),
		);
		// Each of a thousand, and one of all the others together.
		const seen = op.rig.simulator.record.all().length - before;
		expect(seen).toBe(named + 1);
		const refused = answers.filter(({ status }) => status === 429);
		expect(refused).toHaveLength(more - 1);
		expect(refused[0]?.error.message).toContain("end user other");
		expect((await call(op, first, "known")).status).toBe(200);
		const listed: { user_id: string; spend: number }[] =
			await op.manage("/customer/list");
		const spent = listed.reduce((sum, { spend }) => sum + spend, 0);
		expect(spent).toBeLessThanOrEqual((named + 2) * held);
		const ids = new Set(listed.map(({ user_id }) => user_id));
		expect([ids.has("known"), ids.has("other"), ids.size]).toEqual([
			true,
			true,
			named + 2,
		]);
		const own = [...ids].find((id) => id.startsWith("invented-")) ?? "";
		await expectFull(op, first, own, own);
		await expectFull(op, first, "never heard of", "other");
		await op.stop();

		const again = await openOperator(env);
		try {
			await expectFull(again, first, own, own);
			await expectFull(again, first, "never heard of either", "other");
			await expectFull(again, first, "known", "known");
			// Another key has a thousand of its own.
			expect((await call(again, other, "of the other key")).status).toBe(200);
		} finally {
			await again.stop();
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}, 90_000);
