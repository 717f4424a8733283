import { expect, test } from "bun:test";
import { keepLease } from "../../src/store/keep-lease.ts";
import { waitFor } from "./postgres-stores.ts";

const leaseMs = 200;
const clock = { now: () => 0, monotonic: () => performance.now() };

function open(renew: () => Promise<void>, look = async () => {}) {
	const renewals: number[] = [];
	const looks: number[] = [];
	const stop = keepLease({
		lease: {
			writer: 1,
			renew: async () => {
				await renew();
				renewals.push(performance.now());
			},
			release: async () => {},
		},
		leaseMs,
		clock,
		look: async () => {
			looks.push(performance.now());
			await look();
		},
	});
	return { renewals, looks, stop };
}

test("it is renewed several times within its length, and nobody else's is looked at before that", async () => {
	const beganMs = performance.now();
	const { renewals, looks, stop } = open(async () => {});
	await waitFor(() => looks.length === 2);
	await stop();
	expect(looks[0] as number).toBeGreaterThanOrEqual(beganMs + leaseMs);
	expect(renewals.length).toBeGreaterThanOrEqual(4);
});

test("after a failure of the database nobody is looked at for the length of a lease: all are late then", async () => {
	let fails = false;
	const { looks, stop } = open(async () => {
		if (fails) throw new Error("the database is gone");
	});
	await waitFor(() => looks.length > 0);
	fails = true;
	await Bun.sleep(2 * leaseMs);
	fails = false;
	const backMs = performance.now();
	const before = looks.length;
	await waitFor(() => looks.length > before);
	await stop();
	expect(looks[before] as number).toBeGreaterThanOrEqual(backMs + leaseMs);
});

test("looking may fail: it goes on; stopping waits for what runs, and nothing runs after it", async () => {
	let ends = () => {};
	let ended = false;
	const { looks, stop } = open(
		async () => {},
		async () => {
			if (looks.length === 1) throw new Error("a conflict");
			await new Promise<void>((resolve) => {
				ends = resolve;
			});
			ended = true;
		},
	);
	await waitFor(() => looks.length === 2);
	const stopping = stop();
	const first = await Promise.race([
		stopping.then(() => "stopped"),
		Bun.sleep(leaseMs / 4).then(() => "it runs"),
	]);
	expect(first).toBe("it runs");
	ends();
	await stopping;
	expect(ended).toBe(true);
	await Bun.sleep(leaseMs);
	expect(looks).toHaveLength(2);
});
