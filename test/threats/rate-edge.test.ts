/** T-20: ten times as many calls as a minute may have, over the edge of one: never more than so many in any 60 seconds. */
import { expect, test } from "bun:test";
import { openOperator } from "../app/operator.ts";

const most = 40;
const minuteMs = 60_000;
/** The oldest second counts whole, until all of it is out of the window. */
const slackMs = 1_500;
const everyMs = 500;

interface Made {
	readonly sentMs: number;
	readonly status: number;
	readonly endedMs: number;
}

test("T-20: in any 60 seconds at most so many, of a key and of everybody", async () => {
	const op = await openOperator({ TOLLWAY_RPM_LIMIT: String(2 * most) });
	try {
		const limited = (await op.manage("/key/generate", { rpm_limit: most })).key;
		const free = (await op.manage("/key/generate", {})).key;
		const made: Record<string, Made[]> = { [limited]: [], [free]: [] };
		const call = async (key: string) => {
			const sentMs = performance.now();
			const { status } = await op.call(key);
			made[key]?.push({ sentMs, status, endedMs: performance.now() });
		};
		const burst = (key: string, count: number) =>
			Promise.all(Array.from({ length: count }, () => call(key)));
		await burst(limited, 5 * most);
		await burst(free, 2 * most);
		const startMs = performance.now();
		while (performance.now() < startMs + minuteMs + slackMs) {
			await Promise.all([call(limited), call(free)]);
			await Bun.sleep(everyMs);
		}
		await burst(limited, 4 * most);
		await burst(free, 2 * most);
		const passed = (calls: readonly Made[] = []) =>
			calls.filter(({ status }) => status === 200);
		const all = Object.values(made).flat();
		expect(new Set(all.map(({ status }) => status))).toEqual(
			new Set([200, 429]),
		);
		expectAtMost(passed(made[limited]), most);
		expectAtMost(passed(all), 2 * most);
		// And no fewer: as many again as soon as the first are a minute old.
		expect(passed(made[limited])).toHaveLength(2 * most);
		expect(passed(all)).toHaveLength(4 * most);
	} finally {
		await op.stop();
	}
}, 120_000);

/** Of any so many and one more, the last ended at least a minute after the first was sent. */
function expectAtMost(passed: readonly Made[], count: number) {
	const sorted = passed.toSorted((a, b) => a.sentMs - b.sentMs);
	for (const [at, { endedMs }] of sorted.slice(count).entries()) {
		const first = sorted[at]?.sentMs ?? 0;
		expect(endedMs - first).toBeGreaterThanOrEqual(minuteMs);
	}
}
