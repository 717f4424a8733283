import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { clock as platformClock } from "#platform";
import type { Clock } from "../platform/contract.ts";
import { answer } from "./answer.ts";
import { answerControl, controlPrefix } from "./control.ts";
import {
	defaultRecordLimits,
	openRecorder,
	type RecordLimits,
	type SimulatorRecord,
} from "./record.ts";
import { openRouter } from "./router.ts";
import type { ChooseScript } from "./script.ts";
import { leaveItToClose } from "./wire.ts";
import { openWorld } from "./world.ts";

export interface SimulatorOptions {
	/** 0 picks a free one. */
	port?: number;
	hostname?: string;
	/** Any other credential gets the API's 401. By default any will do, but there must be one. */
	acceptedKeys?: readonly string[];
	/** For the organization's reports; by default any that begins with sk-ant-admin. */
	adminKeys?: readonly string[];
	/** `now` goes into replies and stands still by default; `monotonic` goes into the record. */
	clock?: Clock;
	/** Of `results_url` in batches; "self" is the simulator's own. */
	resultsOrigin?: string;
	record?: Partial<RecordLimits>;
}

export interface Simulator {
	/** `http://127.0.0.1:1234`, no trailing slash. */
	readonly url: string;
	readonly port: number;
	readonly record: SimulatorRecord;
	/** Scripts requests in process; returns how to take it back. */
	script(choose: ChooseScript): () => void;
	/** Forgets batches, files and cached prompts; the record stays. */
	reset(): void;
	/** Cuts everything that is still open. */
	stop(): Promise<void>;
}

/** The same input gives the same answer, on any day. */
export const fixedClock: Clock = {
	now: () => Date.UTC(2026, 10, 22, 12),
	monotonic: platformClock.monotonic,
};

/** Starts a fake Anthropic API. Rejects when the port is taken. */
export async function openSimulator(
	options: SimulatorOptions = {},
): Promise<Simulator> {
	const { clock = fixedClock, acceptedKeys, adminKeys } = options;
	const accepted = { acceptedKeys, adminKeys };
	const limits = { ...defaultRecordLimits, ...options.record };
	const recorder = openRecorder(clock, limits);
	const choosers = new Set<ChooseScript>();
	const route = openRouter();
	const resultsOrigin = () => toResultsOrigin(options.resultsOrigin, url);
	let world = openWorld({ clock, resultsOrigin });
	const reset = () => {
		world = openWorld({ clock, resultsOrigin });
	};
	const server = createServer((request, response) => {
		if (request.url?.startsWith(controlPrefix)) {
			answerControl(request, response, { recorder, reset });
			return;
		}
		const answering = { world, recorder, route, accepted, choosers };
		void answer(request, response, answering);
	});
	const { url, port } = await listen(server, options);
	return {
		url,
		port,
		record: recorder,
		script(choose) {
			choosers.add(choose);
			return () => choosers.delete(choose);
		},
		reset,
		stop: () => stop(server),
	};
}

function toResultsOrigin(wanted: string | undefined, ownUrl: string): string {
	return wanted === "self" ? ownUrl : (wanted ?? "https://api.anthropic.com");
}

/** Long, so that no client meets a connection that closes as it is used. */
const keepAliveMs = 600_000;

async function listen(
	server: Server,
	{ port = 0, hostname = "127.0.0.1" }: SimulatorOptions,
): Promise<{ url: string; port: number }> {
	server.keepAliveTimeout = keepAliveMs;
	server.requestTimeout = 0;
	server.timeout = 0;
	server.on("connection", (socket) => socket.on("error", leaveItToClose));
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, hostname, resolve);
	});
	const bound = server.address() as AddressInfo;
	const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
	return { url: `http://${host}:${bound.port}`, port: bound.port };
}

function stop(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeAllConnections();
	});
}
