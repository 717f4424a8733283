/**
 * The gateway as its users run it, a process of its own, in front of a simulator in this one.
 *
 * `TOLLWAY_TEST_COMMAND` names another way to start it (the executable, or the same source under Deno), so that one set
 * of scenarios holds for all of them.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	openSimulator,
	type Simulator,
	type SimulatorOptions,
} from "../src/simulator/simulator.ts";
import {
	type Canary,
	findInExchanges,
	findInFolder,
	findInLines,
	requireNone,
	toCanaries,
} from "./canaries.ts";

export const upstreamKey = "sk-ant-api03-upstream-key-of-the-rig-0123456789";

/** A line of the gateway's own log, parsed. */
export type LogLine = Record<string, unknown> & { readonly event: string };

export interface GatewayProcess {
	/** Where it listens; no trailing slash. */
	readonly url: string;
	readonly pid: number;
	/** Lines of stdout and stderr so far. */
	readonly lines: readonly LogLine[];
	/** Resolves with the first line, past or future, that satisfies the predicate. */
	waitForLine(predicate: (line: LogLine) => boolean): Promise<LogLine>;
	/** Sends a signal; resolves with the exit code. Rejects when a secret is in its data folder or its lines. */
	stop(signal?: NodeJS.Signals): Promise<number | null>;
	readonly exited: Promise<number | null>;
}

export interface Rig {
	readonly url: string;
	readonly gateway: GatewayProcess;
	readonly simulator: Simulator;
	/** Rejects when a secret is where it must not be. */
	stop(): Promise<void>;
}

export interface RigOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly simulator?: SimulatorOptions;
	/** Leaks to upstream that the tests are about, each as `stop` would tell it, and why that is right. */
	readonly meant?: Readonly<Record<string, string>>;
}

const patienceMs = 20_000;

const root = join(import.meta.dirname, "..");

/** The command that starts the gateway, as words. */
export const command: readonly string[] = (
	process.env.TOLLWAY_TEST_COMMAND ?? `${process.execPath} src/main.ts`
).split(" ");

export async function openRig(options: RigOptions = {}): Promise<Rig> {
	const simulator = await openSimulator(options.simulator);
	const env = {
		ANTHROPIC_API_KEY: upstreamKey,
		TOLLWAY_UPSTREAM_URL: simulator.url,
		...options.env,
	};
	const gateway = await startGateway(env);
	const watched = watchRecord(simulator, toCanaries(env));
	return {
		url: gateway.url,
		gateway,
		simulator: watched.simulator,
		stop: async () => {
			try {
				await gateway.stop("SIGKILL");
			} finally {
				await simulator.stop();
			}
			const { meant = {} } = options;
			requireNone(watched.leaks().filter((leak) => !(leak in meant)));
		},
	};
}

/** What a test clears away is searched before. */
function watchRecord(simulator: Simulator, canaries: readonly Canary[]) {
	const { record } = simulator;
	const cleared: string[] = [];
	const find = () => findInExchanges(record.all(), canaries);
	const clear = () => {
		cleared.push(...find());
		record.clear();
	};
	return {
		simulator: { ...simulator, record: { ...record, clear } },
		leaks: () => [...new Set([...cleared, ...find()])],
	};
}

/**
 * Starts it on a free port with a data folder of its own; the environment holds nothing else of ours.
 * @param before a command that ends by running the one in its arguments
 */
export async function startGateway(
	env: Readonly<Record<string, string>>,
	args: readonly string[] = [],
	before: readonly string[] = [],
): Promise<GatewayProcess> {
	const dataDir = mkdtempSync(join(tmpdir(), "tollway-test-"));
	const [program = "", ...first] = [...before, ...command];
	const child = spawn(program, [...first, ...args], {
		cwd: root,
		env: {
			PATH: process.env.PATH,
			HOME: dataDir,
			TOLLWAY_DATA_DIR: dataDir,
			PORT: "0",
			NO_PROXY: "*",
			...env,
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	const gateway = watch(child, {
		dataDir,
		keptIn: env.TOLLWAY_DATA_DIR ?? dataDir,
		canaries: toCanaries(env),
	});
	const start = await gateway.waitForLine((line) => line.event === "start");
	return { ...gateway, url: String(start.url) };
}

type Waiter = () => void;

interface Home {
	/** Its own, gone with it. */
	readonly dataDir: string;
	/** Where it keeps things: that one, or the test's. */
	readonly keptIn: string;
	readonly canaries: readonly Canary[];
}

function findLeaks({ keptIn, canaries }: Home, lines: readonly LogLine[]) {
	const printed = findInLines(lines, canaries);
	try {
		return [...printed, ...findInFolder(keptIn, canaries)];
	} catch (error) {
		return [...printed, `who knows what, as it cannot be read: ${error}`];
	}
}

function watch(child: ChildProcess, home: Home): GatewayProcess {
	const lines: LogLine[] = [];
	const waiters = new Set<Waiter>();
	const wake = () => {
		for (const waiter of waiters) waiter();
	};
	for (const stream of [child.stdout, child.stderr]) {
		let rest = "";
		stream?.setEncoding("utf8").on("data", (text: string) => {
			const parts = (rest + text).split("\n");
			rest = parts.pop() ?? "";
			lines.push(...parts.filter((part) => part !== "").map(toLine));
			wake();
		});
	}
	const leaks: string[] = [];
	let isOver = false;
	const exited = new Promise<number | null>((resolve) => {
		// Its last line has come by then.
		child.on("close", (code) => {
			isOver = true;
			leaks.push(...findLeaks(home, lines));
			rmSync(home.dataDir, { recursive: true, force: true });
			resolve(code);
			wake();
		});
	});
	const hasExited = () => child.exitCode !== null || child.signalCode !== null;
	return {
		url: "",
		pid: child.pid ?? 0,
		lines,
		exited,
		waitForLine: (predicate) =>
			new Promise((resolve, reject) => {
				const settle = (finish: () => void) => {
					clearTimeout(timer);
					waiters.delete(look);
					finish();
				};
				const fail = (why: string) =>
					settle(() =>
						reject(
							new Error(`${why}; lines: ${JSON.stringify(lines.slice(-5))}`),
						),
					);
				const look = () => {
					const found = lines.find(predicate);
					if (found) settle(() => resolve(found));
					else if (isOver) fail("the gateway has exited");
				};
				const timer = setTimeout(
					() => fail("the line did not come"),
					patienceMs,
				);
				waiters.add(look);
				look();
			}),
		stop: async (signal = "SIGTERM") => {
			if (!hasExited()) child.kill(signal);
			const code = await exited;
			requireNone(leaks);
			return code;
		},
	};
}

function toLine(text: string): LogLine {
	try {
		return JSON.parse(text) as LogLine;
	} catch {
		return { event: "text", text };
	}
}
