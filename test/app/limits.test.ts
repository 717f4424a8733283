/** What a key may use, and no more: money, calls, tokens, calls at a time. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openRig } from "../rig.ts";
import {
	callAtOnce,
	dollars,
	masterEnv as env,
	message,
	openLimited,
	post,
	tally,
} from "./limited-calls.ts";

let rig: LedgerRig;

beforeAll(async () => {
	rig = await openLedgerRig({ env });
});
afterAll(() => rig.stop());

const { make, call, readPrice, readInfo, spendOf } = openLimited(() => rig);

async function until(condition: () => boolean) {
	const deadline = performance.now() + 5_000;
	while (!condition()) {
		if (performance.now() > deadline) throw new Error("it did not come");
		await Bun.sleep(10);
	}
}

describe("a budget", () => {
	const room = 25;
	test.each([
		["plain", {}, 0],
		["streaming", { stream: true }, 0],
		["plain, and 30 % of the clients leave", {}, 0.3],
		["streaming, and 30 % of the clients leave", { stream: true }, 0.3],
	])(
		"with room for 25 holds lets exactly 25 of 1,000 parallel calls in: %s",
		async (_name, part, leaving) => {
			const { held } = await readPrice(part);
			const budget = room * held;
			const { key, token } = await make({ max_budget: dollars(budget) });
			const before = rig.simulator.record.all().length;
			// Nobody leaves before all others have been refused: there would be room for one more.
			const full = new AbortController();
			let refused = 0;
			const statuses = await callAtOnce({
				...{ urls: [rig.url], key, calls: 1_000, part },
				script: { delay_ms: 3_000 },
				toSignal: (at) => (at % 10 < leaving * 10 ? full.signal : null),
				onAnswer: (status) => {
					if (status === 429) refused += 1;
					if (refused === 1_000 - room) full.abort();
				},
			});
			// What got in, whether its client stayed or not.
			const seen = rig.simulator.record.all().length - before;
			expect(seen).toBe(room);
			expect(tally(statuses)[429]).toBe(1_000 - room);
			await until(() => rig.simulator.record.open() === 0);
			const spent = await spendOf(token);
			expect(spent).toBeGreaterThan(0);
			expect(spent).toBeLessThanOrEqual(budget);
			// Nothing is held any more: there is room for a whole hold again.
			expect((await call(key, {}, part)).status).toBe(200);
		},
		60_000,
	);

	test("is spent to the end, never over it, and says so in one sentence", async () => {
		const { held, cost } = await readPrice();
		const budget = held + 10 * cost;
		const { key, token } = await make({
			key_alias: "team budget",
			max_budget: dollars(budget),
			budget_duration: "30d",
		});
		let done = 0;
		let last = await call(key);
		while (last.status === 200) {
			done += 1;
			last = await call(key);
		}
		expect(done).toBe(11);
		expect(last.status).toBe(429);
		expect(last.error.type).toBe("billing_error");
		expect(last.headers.get("x-should-retry")).toBe("false");
		const { message: sentence } = last.error;
		expect(sentence).toContain("(team budget)");
		expect(sentence).toContain(`$${dollars(budget)}`);
		expect(sentence).toMatch(/resets at \d{4}-\d\d-01T00:00:00\.000Z/);
		expect(await spendOf(token)).toBe(11 * cost);
		expect((await readInfo(token)).info).toMatchObject({
			max_budget: dollars(budget),
			spend: dollars(11 * cost),
			budget_duration: "30d",
			budget_reset_at: expect.stringMatching(/-01T00:00:00\.000Z$/),
		});
		await post(`${rig.url}/key/update`, {
			key,
			max_budget: dollars(budget + cost),
		});
		expect((await call(key)).status).toBe(200);
	});

	test("tells how full it is, as Claude Code reads it", async () => {
		const { held, cost } = await readPrice();
		const { key } = await make({
			max_budget: dollars(held + 20 * cost),
			budget_duration: "1d",
		});
		const start = "anthropic-ratelimit-unified-";
		const seen: string[] = [];
		let answer = await call(key);
		for (; answer.status === 200; answer = await call(key)) {
			const read = (name: string) => answer.headers.get(start + name) ?? "-";
			seen.push(
				[
					read("status"),
					read("overage-utilization"),
					read("overage-surpassed-threshold"),
				].join(" "),
			);
			const reset = Number(read("reset")) * 1000;
			expect(reset % 86_400_000).toBe(0);
			expect(reset).toBeGreaterThan(Date.now());
		}
		const share = (calls: number) =>
			((calls * cost) / (held + 20 * cost)).toFixed(2);
		expect(seen[0]).toBe(`allowed ${share(1)} -`);
		expect(seen.at(-1)).toMatch(/^allowed_warning 0\.\d\d 0\.(75|95)$/);
		expect(answer.headers.get(`${start}status`)).toBe("rejected");
		expect(answer.headers.get(`${start}overage-period`)).toBe("daily");
		expect(answer.headers.has(`${start}representative-claim`)).toBe(false);
		const free = await make({});
		const { headers } = await call(free.key);
		expect(headers.has(`${start}status`)).toBe(false);
	});

	test("that only open holds fill is waited for, and free calls pass", async () => {
		const { held } = await readPrice();
		const { key } = await make({ max_budget: dollars(held) });
		const running = call(key, { delay_ms: 800 });
		await rig.simulator.record.waitUntil(() => rig.simulator.record.open() > 0);
		const second = await call(key);
		expect(second.status).toBe(429);
		expect(second.error.type).toBe("rate_limit_error");
		expect(second.headers.get("retry-after")).toBe("2");
		expect(second.headers.get("x-should-retry")).toBeNull();
		const free = await post(
			`${rig.url}/v1/messages/count_tokens`,
			{ model: message.model, messages: message.messages },
			{ key },
		);
		expect(free.status).toBe(200);
		expect((await running).status).toBe(200);
	});

	test("of several windows the tightest holds, and a window that ends forgives", async () => {
		const { held } = await readPrice();
		const { key } = await make({
			max_budget: dollars(1_000 * held),
			budget_limits: [
				{ budget_duration: "2s", max_budget: dollars(held) },
				{ budget_duration: "1d", max_budget: dollars(100 * held) },
			],
		});
		const deadline = performance.now() + 10_000;
		const statuses: number[] = [];
		// Within one window one call fits, and in each of the next another.
		while (statuses.filter((status) => status === 200).length < 3) {
			expect(performance.now()).toBeLessThan(deadline);
			statuses.push((await call(key)).status);
			await Bun.sleep(50);
		}
		expect(statuses).toContain(429);
	}, 20_000);

	test("outlives the process", async () => {
		const folder = mkdtempSync(join(tmpdir(), "tollway-limits-"));
		const options = { env: { ...env, TOLLWAY_DATA_DIR: folder } };
		try {
			const { held, cost } = await readPrice();
			const first = await openRig(options);
			const budget = held + cost;
			const { key } = await make({ max_budget: dollars(budget) }, first.url);
			const statuses = [];
			for (let at = 0; at < 3; at++) {
				statuses.push((await call(key, {}, {}, first.url)).status);
			}
			expect(statuses).toEqual([200, 200, 429]);
			await first.stop();
			const second = await openRig(options);
			try {
				expect((await call(key, {}, {}, second.url)).status).toBe(429);
			} finally {
				await second.stop();
			}
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}, 20_000);
});

describe("a rate", () => {
	test("of requests: at most so many in any 60 seconds, whatever comes at once", async () => {
		const { key } = await make({ rpm_limit: 7 });
		const answers = await Promise.all(
			Array.from({ length: 60 }, () => call(key)),
		);
		expect(tally(answers.map(({ status }) => status))).toEqual({
			200: 7,
			429: 53,
		});
		const refused = answers.find(({ status }) => status === 429);
		expect(refused?.error.type).toBe("rate_limit_error");
		expect(refused?.headers.get("rate_limit_type")).toBe("requests");
		const seconds = Number(refused?.headers.get("retry-after"));
		expect(seconds).toBeGreaterThan(50);
		expect(seconds).toBeLessThanOrEqual(61);
		// Reading costs a request as well.
		const models = await fetch(`${rig.url}/v1/models`, {
			headers: { authorization: `Bearer ${key}` },
		});
		expect(models.status).toBe(429);
	});

	test("of tokens: what was asked for counts until it is known what was used", async () => {
		const { key } = await make({ tpm_limit: 400 });
		const running = call(key, { delay_ms: 700 }, { max_tokens: 300 });
		await rig.simulator.record.waitUntil(() => rig.simulator.record.open() > 0);
		const second = await call(key, {}, { max_tokens: 300 });
		expect(second.status).toBe(429);
		expect(second.headers.get("rate_limit_type")).toBe("tokens");
		expect((await running).status).toBe(200);
		expect((await call(key, {}, { max_tokens: 200 })).status).toBe(200);
		const never = await call(key, {}, { max_tokens: 5_000 });
		expect(never.status).toBe(429);
		expect(never.headers.get("x-should-retry")).toBe("false");
	});

	test("of calls at a time: a slot is free again however its call ended", async () => {
		const { key } = await make({ max_parallel_requests: 3 });
		for (const script of [
			{ delay_ms: 400 },
			{ delay_ms: 400, reset: "before_head" },
			{ delay_ms: 400, error: { type: "overloaded_error" } },
		]) {
			const answers = await Promise.all(
				Array.from({ length: 20 }, () => call(key, script)),
			);
			const limited = answers.filter(({ headers }) =>
				headers.has("rate_limit_type"),
			);
			expect(limited).toHaveLength(17);
			expect(limited[0]?.error.message).toContain("3 calls at a time");
		}
		const leaving = Array.from({ length: 3 }, () =>
			post(
				`${rig.url}/v1/messages`,
				{ ...message, stream: true },
				{
					key,
					script: { event_delay_ms: 200 },
					signal: AbortSignal.timeout(300),
				},
			)
				.then((reply) => reply.text())
				.catch(() => null),
		);
		await Promise.all(leaving);
		const deadline = performance.now() + 5_000;
		for (;;) {
			const { status } = await call(key);
			if (status === 200) break;
			expect(performance.now()).toBeLessThan(deadline);
			await Bun.sleep(20);
		}
	}, 20_000);
});
