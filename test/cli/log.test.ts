import { afterEach, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import type { Config } from "../../src/cli/config.ts";
import { type Log, openLog } from "../../src/cli/log.ts";
import { openRecorder } from "./fake-world.ts";
import { plainCall } from "./plain-call.ts";

let open: Log | undefined;

function openOn(config: Partial<Config["log"]>, isTty = false) {
	const stdout = openRecorder(isTty);
	const stderr = openRecorder(isTty);
	const whole = {
		level: "info",
		format: "auto",
		color: "auto",
		...config,
	} as const;
	const log = openLog(whole, { stdout, stderr, env: {} });
	open = log;
	return { log, stdout, stderr };
}

afterEach(() => open?.close());

test("calls go to stdout, diagnostics to stderr, as JSON in a pipe", async () => {
	const { log, stdout, stderr } = openOn({});
	const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
	getLogger(["tollway", "gateway"]).warning("Upstream {what}.", {
		what: "is gone",
		error,
		count: 3n,
	});
	log.onCall(plainCall);
	await log.close();
	expect(JSON.parse(stdout.text())).toMatchObject({
		event: "call",
		path: "/v1/models",
	});
	expect(JSON.parse(stderr.text())).toMatchObject({
		event: "log",
		level: "warning",
		logger: "tollway.gateway",
		message: "Upstream is gone.",
		properties: { error: "Error ECONNREFUSED: refused", count: "3" },
	});
});

test("pretty on a terminal, with what the message does not say", async () => {
	const { log, stderr } = openOn({ color: "never" }, true);
	getLogger(["tollway"]).info("Listening on {port}.", { port: 4000, pid: 7 });
	await log.close();
	expect(stderr.text()).toMatch(
		/^\d\d:\d\d:\d\d info {4}Listening on 4000\. pid=7\n$/,
	);
});

test.each([
	["debug", ["debug", "info", "warning", "error"], true],
	["info", ["info", "warning", "error"], true],
	["warning", ["warning", "error"], false],
	["error", ["error"], false],
] as const)("level %s", async (level, expected, calls) => {
	const { log, stdout, stderr } = openOn({ level });
	const logger = getLogger(["tollway", "x"]);
	for (const one of ["debug", "info", "warning", "error"] as const)
		logger[one]("m");
	log.onCall(plainCall);
	await log.close();
	const seen = stderr
		.text()
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line).level);
	expect(seen).toEqual([...expected]);
	expect(stdout.text() !== "").toBe(calls);
});

test("no key leaves by the log, whoever logs it", async () => {
	const key = "sk-ant-api03-abcdefghijklmnopWxyz";
	for (const format of ["json", "pretty"] as const) {
		const { log, stderr } = openOn({ format });
		getLogger(["tollway"]).error(`bad ${key}`, {
			header: key,
			deep: { list: [key] },
			error: new Error(key),
		});
		await log.close();
		expect(stderr.text()).toContain("sk-ant-…Wxyz");
		expect(stderr.text()).not.toContain("abcdefgh");
	}
});

test("a record is one line, whatever is in it", async () => {
	for (const format of ["json", "pretty"] as const) {
		const { log, stderr } = openOn({ format, color: "never" });
		getLogger(["tollway"]).error("a\nb\u001b[2J\u202e", { x: "c\r\nd" });
		await log.close();
		expect(stderr.text().trimEnd()).not.toMatch(/[\r\n\u202e]/);
		expect(stderr.text().trimEnd().includes("\u001b")).toBe(false);
	}
});
