/** The gateway as a process on a data folder that outlives it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { projectRoot } from "../project.ts";

const startLimitMs = 30_000;

export interface GatewayOptions {
	/** The words that start it. */
	readonly command: readonly string[];
	readonly dataDir: string;
	readonly upstreamUrl: string;
	readonly env?: Readonly<Record<string, string>>;
	/** Ends it. */
	readonly signal: AbortSignal;
}

export interface Gateway {
	/** Resolves with where it listens, no slash at the end; rejects with what it said when it ended before. */
	readonly ready: Promise<string>;
	/** What it wrote to stderr. */
	readonly complaints: readonly string[];
	readonly pid: number;
	send(signal: NodeJS.Signals): void;
	/** Sends the signal; resolves with the exit code. */
	stop(signal: NodeJS.Signals): Promise<number | null>;
}

export function startGateway(options: GatewayOptions): Gateway {
	const [program = "", ...args] = options.command;
	const child = spawn(program, args, {
		cwd: projectRoot,
		env: {
			PATH: process.env.PATH,
			HOME: options.dataDir,
			TOLLWAY_DATA_DIR: options.dataDir,
			TOLLWAY_UPSTREAM_URL: options.upstreamUrl,
			ANTHROPIC_API_KEY: "sk-ant-api03-upstream-key-of-the-crash-0123456789",
			NO_PROXY: "*",
			PORT: "0",
			...options.env,
		},
		stdio: ["ignore", "pipe", "pipe"],
		signal: options.signal,
		killSignal: "SIGKILL",
	});
	const complaints: string[] = [];
	createInterface({ input: child.stderr as Readable }).on("line", (line) => {
		complaints.push(line);
	});
	const ended = new Promise<number | null>((resolve) => {
		child.on("close", resolve);
	});
	const ready = waitForStart(child, complaints);
	ready.catch(() => {}); // whoever kills it on its way up does not ask
	return {
		ready,
		complaints,
		pid: child.pid as number,
		send: (signal) => {
			child.kill(signal);
		},
		stop: (signal) => {
			child.kill(signal);
			return ended;
		},
	};
}

function waitForStart(
	child: ChildProcess,
	complaints: readonly string[],
): Promise<string> {
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	const fail = (why: string) =>
		reject(new Error(`the gateway ${why}: ${complaints.slice(-5).join(" ")}`));
	const timer = setTimeout(fail, startLimitMs, "did not start");
	child.on("error", (error) => fail(error.message));
	child.on("close", (code) => fail(`ended with code ${code}`));
	createInterface({ input: child.stdout as Readable }).on("line", (line) => {
		if (!line.startsWith('{"event":"start",')) return;
		resolve((JSON.parse(line) as { url: string }).url);
	});
	return promise.finally(() => clearTimeout(timer));
}
