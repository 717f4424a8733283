import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import {
	buildCommit,
	clock,
	fetchUpstream,
	newId,
	openDatabase,
	programArguments,
	raiseFetchLimit,
	runtime,
	serve,
} from "#platform";
import manifest from "../package.json" with { type: "json" };
import { openApp } from "./app.ts";
import type { CallEnd, CallFields } from "./cli/call-line.ts";
import { runProgram } from "./cli/program.ts";
import type { Output, World } from "./cli/world.ts";
import type { CallRecord } from "./domain/call.ts";
import { demoCalls } from "./simulator/demo.ts";

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const toOutput = (stream: NodeJS.WriteStream): Output => ({
	isTty: stream.isTTY === true,
	columns: stream.columns,
	write: (text, done) => void stream.write(text, done),
});

/** Null where the system does not tell (Windows). */
function readOpenFileLimit(): number | null {
	try {
		const limits = readFileSync("/proc/self/limits", "utf8");
		return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? "") || null;
	} catch {
		if (process.platform !== "darwin") return null;
		return Number(execFileSync("/bin/sh", ["-c", "ulimit -n"])) || null;
	}
}

function toFields(call: CallRecord): CallFields {
	return {
		timeMs: call.startedAtMs,
		method: call.method,
		path: call.path,
		model: call.model,
		status: call.status ?? 0,
		stream: call.streamed,
		durationMs: call.durationMs,
		firstByteMs: call.firstByteMs,
		bytesIn: call.requestBytes,
		bytesOut: call.replyBytes,
		callId: call.id,
		upstreamRequestId: call.upstreamRequestId,
		clientAddress: call.clientAddress,
		end: toEnd(call),
	};
}

function toEnd(call: CallRecord): CallEnd {
	if (call.end === "done") return "done";
	if (call.end === "client-left") return "client_left";
	return call.end === "refused"
		? `refused:${call.errorCode}`
		: "upstream_failed";
}

const world: World = {
	build: { version: manifest.version, commit: buildCommit, runtime },
	env: process.env,
	platform: process.platform,
	home: homedir(),
	cwd: process.cwd(),
	stdout: toOutput(process.stdout),
	stderr: toOutput(process.stderr),
	clock,
	fetch: fetchUpstream,
	demoCalls,
	readFile: (path) => readFileSync(path, "utf8"),
	openFileLimit: readOpenFileLimit,
	onSignal: (listener) => {
		for (const signal of stopSignals) process.on(signal, listener);
		return () => {
			for (const signal of stopSignals) process.off(signal, listener);
		};
	},
	serve: (config, hooks) =>
		openApp(
			config,
			{ clock, newId, fetch: fetchUpstream, serve, openDatabase },
			{
				version: manifest.version,
				onCall: (call) => hooks.onCall(toFields(call)),
			},
		),
	openSimulator: async () => {
		// Not at the start: its schemas cost a gateway that never needs them half its start-up time.
		const { openSimulator } = await import("./simulator/simulator.ts");
		const simulator = await openSimulator();
		return { url: simulator.url, close: simulator.stop };
	},
};

async function main(): Promise<void> {
	raiseFetchLimit();
	process.exitCode = await runProgram(programArguments, world);
	process.exit();
}

void main();
