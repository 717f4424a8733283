import { describe, expect, test } from "bun:test";
import { configOf, load } from "./loading.ts";

describe("durations", () => {
	const rows: [string, number][] = [
		["30", 30_000],
		["30s", 30_000],
		["1.5s", 1_500],
		["250ms", 250],
		["10m", 600_000],
		["1H", 3_600_000],
		["0", 0],
		["24h", 86_400_000],
	];
	test.each(rows)("%s", (text, milliseconds) => {
		const { timeouts } = configOf({ TOLLWAY_FIRST_BYTE_TIMEOUT: text });
		expect(timeouts.firstByteMs).toBe(milliseconds);
	});
	test.each(["-1", "10x", "25h", "1 day", "1e3", "∞"])(
		"%s is refused",
		(text) => {
			const { problems } = load({ TOLLWAY_DRAIN_TIMEOUT: text });
			expect(problems).toEqual([
				`TOLLWAY_DRAIN_TIMEOUT is "${text}"; expected a time such as 30, 30s, 10m or 1h, at most 24h.`,
			]);
		},
	);
});

describe("sizes", () => {
	const rows: [string, number][] = [
		["33554432", 2 ** 25],
		["1MB", 2 ** 20],
		["1.5 MiB", 1.5 * 2 ** 20],
		["2g", 2 ** 31],
		["512kb", 2 ** 19],
		["2048B", 2048],
	];
	test.each(rows)("%s", (text, bytes) => {
		const { limits } = configOf({ TOLLWAY_MAX_FILES_BODY: text });
		expect(limits.filesBytes).toBe(bytes);
	});
	test.each(["0", "1023", "65GB", "-1MB", "lots"])("%s is refused", (text) => {
		expect(load({ TOLLWAY_MAX_FILES_BODY: text }).problems[0]).toStartWith(
			`TOLLWAY_MAX_FILES_BODY is "${text}"; expected a size`,
		);
	});
	test("what may be in flight holds at least one message", () => {
		const { problems } = load({ TOLLWAY_MAX_BYTES_IN_FLIGHT: "1MB" });
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith("TOLLWAY_MAX_BYTES_IN_FLIGHT is smaller");
	});
});

describe("other bad values", () => {
	test.each([
		["PORT", "70000", 'PORT is "70000"; expected a whole number'],
		["PORT", "4000.5", 'PORT is "4000.5"; expected'],
		["PORT", "\u001b[2J", 'PORT is "\\u001b[2J"; expected'],
		[
			"PORT",
			"sk-ant-api03-abcdefghijklmnopWxyz",
			'PORT is "sk-ant-…Wxyz"; expected',
		],
		["TOLLWAY_HOST", "http://x", 'TOLLWAY_HOST is "http://x"; expected an IP'],
		["TOLLWAY_HOST", "127.0.0.256", 'TOLLWAY_HOST is "127.0.0.256"; expected'],
		["TOLLWAY_ALLOWED_HOSTS", "a.example:80", "TOLLWAY_ALLOWED_HOSTS is"],
		[
			"TOLLWAY_CORS_ORIGINS",
			"*",
			'TOLLWAY_CORS_ORIGINS is "*"; expected origins',
		],
		[
			"TOLLWAY_CORS_ORIGINS",
			"https://a.example/app",
			"TOLLWAY_CORS_ORIGINS is",
		],
		["TOLLWAY_TRUSTED_PROXIES", "10.0.0.0/33", "TOLLWAY_TRUSTED_PROXIES is"],
		["TOLLWAY_TRUSTED_PROXIES", "10.0.0.0/8/1", "TOLLWAY_TRUSTED_PROXIES is"],
		[
			"SERVER_ROOT_PATH",
			"/a/../b",
			'SERVER_ROOT_PATH is "/a/../b"; expected a path',
		],
		[
			"TOLLWAY_ADMIN_API",
			"maybe",
			'TOLLWAY_ADMIN_API is "maybe"; expected true',
		],
		["LOG_LEVEL", "loud", 'LOG_LEVEL is "loud"; expected debug, info'],
		["TOLLWAY_LOG_FORMAT", "xml", 'TOLLWAY_LOG_FORMAT is "xml"; expected auto'],
	])("%s=%j", (name, value, start) => {
		const { config, problems } = load({ [name]: value });
		expect(config).toBeNull();
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith(start);
	});

	test("all mistakes come at once", () => {
		const { problems } = load({
			PORT: "x",
			TOLLWAY_LOG_FORMAT: "xml",
			TOLLWAY_MASTER_KEY: "sk-ant-mine",
			TOLLWAY_MASTERKEY: "x",
		});
		expect(problems.map((line) => line.split(" ")[0])).toEqual([
			"PORT",
			"TOLLWAY_MASTER_KEY",
			"TOLLWAY_LOG_FORMAT",
			"TOLLWAY_MASTERKEY",
		]);
	});
});
