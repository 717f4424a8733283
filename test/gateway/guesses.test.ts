import { describe, expect, test } from "bun:test";
import { GatewayError } from "../../src/domain/error.ts";
import {
	type GuessReport,
	maxOfAll,
	maxPerAddress,
	openGuesses,
	toNetwork,
} from "../../src/gateway/guesses.ts";

function open(backoff = true) {
	let nowMs = 1_000;
	const reports: GuessReport[] = [];
	const guesses = openGuesses({
		clock: { monotonic: () => nowMs },
		backoff,
		onReport: (report) => reports.push(report),
	});
	const unknown = new GatewayError("invalid_key", "Not known.");
	const guess = (address: string | null = "203.0.113.7") =>
		guesses.judge(unknown, address) as GatewayError;
	return {
		guess,
		reports,
		judge: guesses.judge,
		close: guesses.close,
		/** Codes of so many. */
		codes: (count: number, address?: string) =>
			new Set(Array.from({ length: count }, () => guess(address).code)),
		pass: (ms: number) => {
			nowMs += ms;
		},
	};
}

const known = new Set(["invalid_key"]);
const backed = new Set(["guessing"]);

describe("unknown keys", () => {
	test("are answered as they are up to the limit, then told to wait, each address by itself", () => {
		const { codes, guess } = open();
		expect(codes(maxPerAddress)).toEqual(known as never);
		expect(codes(1_000)).toEqual(backed as never);
		expect(codes(maxPerAddress, "203.0.113.8")).toEqual(known as never);
		const { message, answer, row } = guess();
		expect(row).toMatchObject({ status: 429, type: "rate_limit_error" });
		expect(message).toStartWith("Not known. ");
		expect(answer.retryAfter).toBeWithin(1, 61);
		expect(message).toContain(`${answer.retryAfter} s`);
	});

	test("are forgiven in time, however many there were", () => {
		const { codes, guess, pass } = open();
		codes(100_000);
		pass((guess().answer.retryAfter ?? 0) * 1_000);
		expect(guess().code).toBe("invalid_key");
		pass(120_000);
		expect(codes(maxPerAddress)).toEqual(known as never);
	});

	test("at a slow pace are never told to wait, and a steady stream of them always is", () => {
		const { guess, pass } = open();
		for (let at = 0; at < 500; at++) {
			expect(guess().code).toBe("invalid_key");
			pass(60_000 / maxPerAddress);
		}
		for (let at = 0; at < 200; at++) {
			const { code } = guess();
			if (at > 30) expect(code).toBe("guessing");
			pass(500);
		}
	});

	test("from many addresses are too many together, and one address alone never uses up what all have", () => {
		const { codes, guess } = open();
		codes(1_000_000, "203.0.113.1");
		let answered = 0;
		for (let at = 0; at < 2 * maxOfAll; at++) {
			const { code } = guess(`10.0.${at >> 8}.${at & 255}`);
			if (code === "invalid_key") answered += 1;
		}
		expect(answered).toBe(maxOfAll - maxPerAddress);
	});

	test("only: every other failure stays what it is, from whatever address", () => {
		const { codes, judge } = open();
		codes(1_000);
		for (const code of ["missing_key", "expired_key", "blocked_key"] as const) {
			const error = new GatewayError(code, "");
			expect(judge(error, "203.0.113.7")).toBe(error);
		}
		const fault = new Error();
		expect(judge(fault, "203.0.113.7")).toBe(fault);
	});

	test("are all answered as they are where the backoff is off", () => {
		const { codes, reports, close } = open(false);
		expect(codes(10_000)).toEqual(known as never);
		close();
		expect(reports).toEqual([]);
	});
});

describe("what the log hears", () => {
	test("the exact number of calls by address, once, and nothing twice", () => {
		const { codes, reports, close, guess } = open();
		codes(5_000, "203.0.113.1");
		codes(100, "203.0.113.2");
		guess("203.0.113.3");
		close();
		close();
		expect(reports).toEqual([
			{
				addresses: [
					{ address: "203.0.113.1", calls: 5_000 - maxPerAddress },
					{ address: "203.0.113.2", calls: 100 - maxPerAddress },
				],
				otherCalls: 0,
			},
		]);
	});

	test("of a hundred thousand addresses the worst by name, and no call is lost of those forgotten", () => {
		const { guess, reports, close } = open();
		const calls = 100_000;
		let told = 0;
		for (let at = 0; at < calls; at++) {
			const { code } = guess(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
			if (code === "guessing") told += 1;
		}
		for (let at = 0; at < 50; at++) {
			if (guess("203.0.113.9").code === "guessing") told += 1;
		}
		close();
		const [{ addresses, otherCalls } = { addresses: [], otherCalls: 0 }] =
			reports;
		expect(addresses).toHaveLength(20);
		expect(addresses[0]?.address).toBe("203.0.113.9");
		const named = addresses.reduce((sum, one) => sum + one.calls, 0);
		expect(told).toBeGreaterThan(calls / 2);
		expect(named + otherCalls).toBe(told);
	});
});

describe("whose address it is", () => {
	test.each([
		["203.0.113.7", "203.0.113.7"],
		["203.0.113.7:51234", "203.0.113.7"],
		["::ffff:203.0.113.7", "203.0.113.7"],
		["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
		["2001:db8:1:2::1", "2001:db8:1:2::/64"],
		["2001:0DB8:0001:0002::ffff", "2001:db8:1:2::/64"],
		["[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"],
		["2001:db8::1", "2001:db8:0:0::/64"],
		["::1", "0:0:0:0::/64"],
		["::", "0:0:0:0::/64"],
		["fe80::1%eth0", "fe80:0:0:0::/64"],
		["64:ff9b::203.0.113.7", "64:ff9b:0:0::/64"],
		["unknown", "unknown"],
		[null, "unknown"],
		["", ""],
	])("%p is %p", (address, network) => {
		expect(toNetwork(address)).toBe(network);
	});

	test("what a proxy makes up is kept short", () => {
		expect(toNetwork("x".repeat(10_000)).length).toBeLessThan(100);
	});
});
