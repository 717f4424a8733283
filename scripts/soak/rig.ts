/** The gateway and its upstream, each a process of its own; the client is this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { projectRoot } from "../project.ts";
import type { SoakContext } from "./figure.ts";
import type { UpstreamCall } from "./upstream.ts";
import { becomesTrue } from "./wait.ts";

const startLimitMs = 20_000;
const quietLimitMs = 10_000;

export interface Started {
	/** No slash at the end. */
	readonly url: string;
	readonly pid: number;
	isAlive(): boolean;
	/** Kills it and resolves when it has ended. */
	stop(): Promise<void>;
}

export interface Rig {
	readonly gateway: Started;
	/** Every call upstream has seen so far. */
	listUpstreamCalls(): Promise<UpstreamCall[]>;
	countCallsInProgress(): Promise<number>;
	/** Resolves when no call is in progress; rejects when that does not come. */
	waitForQuiet(): Promise<void>;
	stop(): Promise<void>;
}

export async function openRig(context: SoakContext): Promise<Rig> {
	const upstream = await startUpstream(context.signal);
	const gateway = await startGateway(context, upstream.url).catch(
		async (error) => {
			await upstream.stop();
			throw error;
		},
	);
	const countCallsInProgress = async () => {
		const health = await getJson<{ calls_in_progress: number }>(
			`${gateway.url}/health/readiness`,
		);
		return health.calls_in_progress;
	};
	return {
		gateway,
		listUpstreamCalls: () =>
			getJson<UpstreamCall[]>(`${upstream.url}/soak/calls`),
		countCallsInProgress,
		waitForQuiet: async () => {
			const isQuiet = await becomesTrue(
				async () => (await countCallsInProgress()) === 0,
				quietLimitMs,
			);
			if (!isQuiet) throw new Error("calls of the warm-up stay in progress");
		},
		stop: async () => {
			await gateway.stop();
			await upstream.stop();
		},
	};
}

/** `connection: close`: a kept connection would be one descriptor more in the gateway. */
async function getJson<T>(url: string): Promise<T> {
	const reply = await fetch(url, {
		headers: { connection: "close" },
		proxy: "",
	});
	return (await reply.json()) as T;
}

function startUpstream(signal: AbortSignal): Promise<Started> {
	const child = spawn(
		process.execPath,
		[join(import.meta.dirname, "upstream.ts")],
		{
			stdio: ["ignore", "pipe", "inherit"],
			signal,
			killSignal: "SIGKILL",
		},
	);
	return watchStart(child, (port) => `http://127.0.0.1:${port}`);
}

/** Starts it on a free port with a data folder of its own; its environment holds nothing else of ours. */
export async function startGateway(
	{ command, signal }: SoakContext,
	upstreamUrl: string,
	more: Readonly<Record<string, string>> = {},
): Promise<Started> {
	const [program = "", ...args] = command;
	const dataDir = mkdtempSync(join(tmpdir(), "tollway-soak-"));
	const child = spawn(program, args, {
		cwd: projectRoot,
		env: {
			PATH: process.env.PATH,
			HOME: dataDir,
			TOLLWAY_DATA_DIR: dataDir,
			TOLLWAY_UPSTREAM_URL: upstreamUrl,
			ANTHROPIC_API_KEY: "sk-ant-api03-upstream-key-of-the-soak-0123456789",
			NO_PROXY: "*",
			PORT: "0",
			...more,
		},
		stdio: ["ignore", "pipe", "inherit"],
		signal,
		killSignal: "SIGKILL",
	});
	child.on("close", () => rmSync(dataDir, { recursive: true, force: true }));
	return watchStart(child, toStartUrl);
}

function toStartUrl(line: string): string | undefined {
	if (!line.startsWith('{"event":"start",')) return undefined;
	return (JSON.parse(line) as { url: string }).url;
}

/** Resolves at the first line of stdout that tells the address; reads on, so that the process never waits for us. */
function watchStart(
	child: ChildProcess,
	toUrl: (line: string) => string | undefined,
): Promise<Started> {
	const { promise, resolve, reject } = Promise.withResolvers<Started>();
	const ended = new Promise<void>((settle) =>
		child.on("close", () => settle()),
	);
	const stop = async () => {
		child.kill("SIGKILL");
		await ended;
	};
	const fail = (why: string) => {
		child.kill("SIGKILL");
		reject(new Error(`${child.spawnfile} ${why}`));
	};
	const timer = setTimeout(fail, startLimitMs, "did not say that it is ready");
	child.on("error", (error) => fail(`failed: ${error.message}`));
	child.on("exit", (code) => fail(`ended with code ${code}`));
	const lines = createInterface({ input: child.stdout as Readable });
	lines.on("line", (line) => {
		const url = toUrl(line);
		if (url === undefined) return;
		const isAlive = () => child.exitCode === null && child.signalCode === null;
		resolve({ url, pid: child.pid as number, isAlive, stop });
	});
	return promise.finally(() => clearTimeout(timer));
}
