/** Three gateways, one database and one key: what it may use, and no more, whichever of them it asks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import type { GatewayProcess } from "../rig.ts";
import {
	callAtOnce,
	dollars,
	masterEnv,
	message,
	openLimited,
	post,
	tally,
} from "./limited-calls.ts";
import { until } from "./paid-call.ts";

const limitMs = 90_000;

describe.skipIf(needs.postgres() === null)("three gateways", () => {
	let rig: LedgerRig;
	let others: GatewayProcess[];
	let urls: string[];
	const { make, call, readPrice, spendOf } = openLimited(() => rig);

	beforeAll(async () => {
		rig = await openLedgerRig({
			env: masterEnv,
			postgres: await sharePostgres(),
		});
		others = await Promise.all([rig.another(), rig.another()]);
		urls = [rig.url, ...others.map(({ url }) => url)];
	}, limitMs);
	afterAll(() => rig.stop());

	/** A key that all of them know. */
	const makeKnown = async (fields: object) => {
		const made = await make(fields);
		for (const url of urls) {
			await until(async () => {
				const reply = await post(`${url}/key/health`, {}, { key: made.key });
				return reply.status === 200;
			});
		}
		return made;
	};

	interface CountDoc {
		readonly cells: Readonly<
			Record<
				string,
				{
					readonly periods?: readonly [number, number, string, string][];
					readonly running?: number;
				}
			>
		>;
	}

	/** Of the key's budgets what is settled and held, and how many of its calls run. */
	const readCounts = async (token: string) => {
		const rows = await rig.read(
			`SELECT doc FROM @counts WHERE kind = 'key' AND id = '${token}'`,
		);
		const { cells } = JSON.parse(String(rows[0]?.[0])) as CountDoc;
		const all = Object.values(cells);
		const periods = all.flatMap((cell) => cell.periods ?? []);
		const sum = (amounts: readonly unknown[]) =>
			amounts.reduce<number>((total, one) => total + Number(one), 0);
		return {
			settled: sum(periods.map(([, , settled]) => settled)),
			held: sum(periods.map(([, , , held]) => held)),
			running: sum(all.map(({ running = 0 }) => running)),
		};
	};

	/** Nothing is taken of any count any more. */
	const rest = () =>
		until(async () => {
			const [row] = await rig.read("SELECT count(*) FROM @stakes");
			return Number(row?.[0]) === 0;
		});

	const room = 25;
	const crowd = 1_000;

	test.each([
		["plain", {}, 0],
		["streaming", { stream: true }, 0],
		["plain, and 30 % of the clients leave", {}, 0.3],
		["streaming, and 30 % of the clients leave", { stream: true }, 0.3],
	])(
		"a budget with room for 25 holds lets exactly 25 of 1,000 parallel calls in: %s",
		async (_name, part, leaving) => {
			const { held } = await readPrice(part);
			const budget = room * held;
			const { key, token } = await makeKnown({ max_budget: dollars(budget) });
			const before = rig.simulator.record.all().length;
			// Those who leave do so when all are judged: what a call gives back is room for the next.
			const leave = new AbortController();
			let refused = 0;
			const statuses = await callAtOnce({
				...{ urls, key, calls: crowd, part },
				script: { delay_ms: 5_000 },
				toSignal: (at) => (at % 10 < leaving * 10 ? leave.signal : null),
				onAnswer: (status) => {
					if (status === 429) refused += 1;
					if (refused === crowd - room) leave.abort();
				},
			});
			expect(rig.simulator.record.all().length - before).toBe(room);
			expect(tally(statuses)[429]).toBe(crowd - room);
			await until(() => rig.simulator.record.open() === 0);
			await rest();
			const spent = await spendOf(token);
			expect(spent).toBeGreaterThan(0);
			expect(spent).toBeLessThanOrEqual(budget);
			expect(await readCounts(token)).toEqual({
				...{ settled: spent, held: 0, running: 0 },
			});
			// Nothing is held any more: there is room for a whole hold again.
			for (const url of urls) {
				expect((await call(key, {}, part, url)).status).toBe(200);
			}
		},
		limitMs,
	);

	test(
		"clients that leave while they are judged: nothing stays held, and never is more let in",
		async () => {
			const { held } = await readPrice();
			const budget = room * held;
			const { key, token } = await makeKnown({ max_budget: dollars(budget) });
			const before = rig.simulator.record.all().length;
			const statuses = await callAtOnce({
				...{ urls, key, calls: crowd },
				script: { delay_ms: 5_000 },
				toSignal: (at) => (at % 3 === 0 ? AbortSignal.timeout(at / 2) : null),
			});
			// A plain call is read to its end, its client there or not.
			expect(rig.simulator.record.all().length - before).toBe(room);
			expect(tally(statuses)[200] ?? 0).toBeLessThanOrEqual(room);
			await until(() => rig.simulator.record.open() === 0);
			await rest();
			const spent = await spendOf(token);
			expect(await readCounts(token)).toEqual({
				...{ settled: spent, held: 0, running: 0 },
			});
		},
		limitMs,
	);

	test(
		"a budget is spent to the end, never over it, whichever is asked",
		async () => {
			const { held, cost } = await readPrice();
			const budget = held + 10 * cost;
			const { key, token } = await makeKnown({
				max_budget: dollars(budget),
				budget_duration: "30d",
			});
			const statuses: number[] = [];
			while (statuses.at(-1) !== 429) {
				const url = urls[statuses.length % urls.length];
				statuses.push((await call(key, {}, {}, url)).status);
				await rest();
			}
			expect(tally(statuses)).toEqual({ 200: 11, 429: 1 });
			expect(await spendOf(token)).toBe(11 * cost);
			// A budget that is made now reads what was spent before.
			await post(`${urls[1]}/key/update`, {
				...{ key, max_budget: null, budget_duration: null },
				budget_limits: [
					{ budget_duration: "1d", max_budget: dollars(11 * cost + held - 1) },
				],
			});
			await until(async () => {
				const { error } = await call(key, {}, {}, urls[2]);
				return error?.message.includes(`$${dollars(11 * cost)} is spent`);
			});
		},
		limitMs,
	);

	test(
		"a rate of requests: exactly as many as it says",
		async () => {
			const { key } = await makeKnown({ rpm_limit: 7 });
			const statuses = await callAtOnce({ urls, key, calls: 90 });
			expect(tally(statuses)).toEqual({ 200: 7, 429: 83 });
			for (const url of urls) {
				const { headers } = await call(key, {}, {}, url);
				expect(headers.get("rate_limit_type")).toBe("requests");
				expect(Number(headers.get("retry-after"))).toBeGreaterThan(30);
			}
		},
		limitMs,
	);

	test(
		"a rate of tokens: exactly as many calls as their tokens leave room for",
		async () => {
			const probe = await makeKnown({ tpm_limit: 1 });
			const { error } = await call(probe.key);
			const asked = Number(/This call may take (\d+)/.exec(error.message)?.[1]);
			expect(asked).toBeGreaterThan(message.max_tokens);
			const { key } = await makeKnown({ tpm_limit: 10 * asked + 1 });
			const script = { delay_ms: 2_000 };
			const statuses = await callAtOnce({ urls, key, calls: 90, script });
			expect(tally(statuses)).toEqual({ 200: 10, 429: 80 });
			await rest();
			// What they did not use is there again.
			expect((await call(key, {}, {}, urls[1])).status).toBe(200);
		},
		limitMs,
	);

	test(
		"calls at a time: exactly as many as it says, and each slot is free again",
		async () => {
			const { key, token } = await makeKnown({ max_parallel_requests: 5 });
			for (let round = 0; round < 3; round++) {
				const script = { delay_ms: 1_500 };
				const statuses = await callAtOnce({ urls, key, calls: 60, script });
				expect(tally(statuses)).toEqual({ 200: 5, 429: 55 });
				await rest();
				expect((await readCounts(token)).running).toBe(0);
			}
		},
		limitMs,
	);

	test(
		"one is killed: what its calls held and the slots they had come back, and each has cost once",
		async () => {
			const { held } = await readPrice();
			const { key, token } = await makeKnown({
				...{ max_budget: dollars(10 * held), max_parallel_requests: 3 },
			});
			const dying = others[1] as GatewayProcess;
			const script = { delay_ms: 60_000 };
			const cut = callAtOnce({ urls: [dying.url], key, calls: 3, script });
			await until(async () => {
				const [row] = await rig.read("SELECT count(*) FROM @holds");
				return Number(row?.[0]) === 3;
			});
			expect(await readCounts(token)).toMatchObject({ running: 3 });
			expect((await call(key)).status).toBe(429);
			await dying.stop("SIGKILL");
			expect(await cut).toEqual([0, 0, 0]);
			const deadline = performance.now() + 60_000;
			while ((await readCounts(token)).held > 0) {
				expect(performance.now()).toBeLessThan(deadline);
				await Bun.sleep(200);
			}
			const spent = await spendOf(token);
			expect(spent).toBeGreaterThan(0);
			expect(await readCounts(token)).toEqual({
				...{ settled: spent, held: 0, running: 0 },
			});
			expect((await call(key)).status).toBe(200);
		},
		limitMs,
	);
});
