/** Comparisons that cannot be made: whose fault it is, and what to do. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Month, openMonth } from "./month.ts";

// On a machine that may be busy.
setDefaultTimeout(60_000);

const later = Date.UTC(2027, 0, 31, 12);

let month: Month;
beforeAll(async () => {
	month = await openMonth();
	month.setClock(later);
});
afterAll(() => month?.stop());

const mistakes = [
	[
		{ start_date: "2026-02-30" },
		"start_date: must be a day such as 2026-11-22.",
	],
	[{ end_date: "2027-02-01" }, "end_date: it must not be after today (UTC)."],
	[{ start_date: "2027-01-31" }, "yesterday is the last full day"],
	[
		{ start_date: "2026-12-05", end_date: "2026-12-04" },
		"end_date: it must not be before start_date.",
	],
	[{ start_date: "2026-01-01" }, "at most 92 days"],
	[
		{ tolerance: "much" },
		"tolerance: must be a number of cents such as 1 or 0.5.",
	],
	[{ token_tolerance: "-1" }, "token_tolerance: must be a whole number."],
] as const;

test.each([...mistakes])("%p is refused: %s", async (query, why) => {
	const { status, text } = await month.ask(query);
	expect(status).toBe(400);
	expect(JSON.parse(text).error.message).toContain(why);
});

const keys = [
	{
		name: "no admin key",
		env: { ANTHROPIC_ADMIN_KEY: "" },
		status: 400,
		why: ["Set ANTHROPIC_ADMIN_KEY where the gateway runs"],
	},
	{
		name: "a key for calls in its place",
		env: { ANTHROPIC_ADMIN_KEY: "sk-ant-api03-no-admin-0123456789" },
		status: 502,
		why: ["refuses the key in the gateway's ANTHROPIC_ADMIN_KEY", "(403)"],
	},
] as const;

test.each([...keys])(
	"$name: told, with what to do",
	async ({ env, status, why }) => {
		const one = await openMonth({ env });
		try {
			const answer = await one.ask();
			expect(answer.status).toBe(status);
			for (const part of why) expect(answer.text).toContain(part);
		} finally {
			await one.stop();
		}
	},
);

const faults = [
	[
		{ error: { type: "authentication_error" } },
		502,
		"refuses the key in the gateway's ANTHROPIC_ADMIN_KEY for its reports (401)",
	],
	[
		{ error: { type: "rate_limit_error" } },
		502,
		"with 429. Too much was asked",
	],
	[{ error: { status: 404 } }, 502, "Upstream has no such report"],
	[{ big_bytes: 20 }, 502, "cannot be read"],
	[{ reset: "before_head" }, 502, "could not get an answer from upstream"],
	[
		{ redirect: { status: 302, location: "http://127.0.0.1:9/" } },
		502,
		"with 302",
	],
] as const;

test.each([...faults])(
	"upstream does %p: %i, %s",
	async (script, status, why) => {
		const undo = month.simulator.script(({ target }) =>
			target.startsWith("/v1/organizations/") ? script : undefined,
		);
		const answer = await month.ask();
		undo();
		expect(answer.status).toBe(status);
		expect(answer.text).toContain(why);
	},
);
