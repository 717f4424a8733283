/** A gateway and its upstream by a clock that the test sets, in this process: whole months pass in seconds. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, openApp } from "../../src/app.ts";
import type { Reconciled } from "../../src/cli/reconciled.ts";
import * as platform from "../../src/platform/bun.ts";
import {
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import {
	findIn,
	findInExchanges,
	findInFolder,
	requireNone,
	toCanaries,
} from "../canaries.ts";
import { configOf } from "../cli/loading.ts";
import { readAll, send, type TestCall } from "../ledger-rig.ts";
import { upstreamKey } from "../rig.ts";
import { openTestWorker } from "../store/engines.ts";
import { toCallId } from "../store/fill.ts";

export const dayMs = 86_400_000;
export const adminKey = "sk-ant-admin01-of-the-reports-0123456789";

export interface Answer {
	readonly status: number;
	readonly text: string;
	/** Of a call that went through the gateway. */
	readonly id: string;
}

export interface Month {
	readonly app: App;
	readonly simulator: Simulator;
	setClock(nowMs: number): void;
	/** Through the gateway, or past it; read to its end, which may be missing. */
	call(call: TestCall, past?: boolean): Promise<Answer>;
	/** Resolves when what it comes to is on the ledger. */
	batch(
		requests: readonly object[],
		script?: TestCall["script"],
	): Promise<void>;
	ask(query?: Readonly<Record<string, string>>): Promise<Omit<Answer, "id">>;
	/** Once all calls are on the ledger. */
	reconcile(query?: Readonly<Record<string, string>>): Promise<Reconciled>;
	/** Rejects when the admin key is where it must not be. */
	stop(): Promise<void>;
}

export interface MonthOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly adminKeys?: readonly string[];
}

const patienceMs = 10_000;

async function waitFor(isIt: () => Promise<boolean>, what: string) {
	const giveUpMs = performance.now() + patienceMs;
	while (!(await isIt())) {
		if (performance.now() > giveUpMs) throw new Error(`waited for ${what}`);
		await Bun.sleep(5);
	}
}

interface Time {
	nowMs: number;
}

export async function openMonth(options: MonthOptions = {}): Promise<Month> {
	const time: Time = { nowMs: Date.UTC(2026, 10, 1) };
	let ids = 0;
	const clock = {
		now: () => time.nowMs,
		monotonic: platform.clock.monotonic,
	};
	const { adminKeys = [adminKey] } = options;
	const simulator = await openSimulator({ clock, adminKeys });
	const folder = mkdtempSync(join(tmpdir(), "tollway-month-"));
	const env = {
		ANTHROPIC_API_KEY: upstreamKey,
		ANTHROPIC_ADMIN_KEY: adminKey,
		TOLLWAY_UPSTREAM_URL: simulator.url,
		TOLLWAY_DATA_DIR: folder,
		TOLLWAY_DURABILITY: "off",
		TOLLWAY_BATCH_POLL: "10ms",
		TOLLWAY_UNKNOWN_MODEL: "unpriced",
		PORT: "0",
		...options.env,
	};
	const app = await openApp(
		configOf(env),
		{
			...platform,
			fetch: platform.fetchUpstream,
			clock,
			// As the real ones: they begin with the time of their call.
			newId: () => toCallId(time.nowMs, ids++),
			openWorker: openTestWorker,
		},
		{ version: "test", onCall: () => {}, onLost: () => {} },
	);
	return toMonth(app, simulator, { env, folder, time });
}

interface Place {
	readonly env: Readonly<Record<string, string>>;
	readonly folder: string;
	readonly time: Time;
}

function toMonth(app: App, simulator: Simulator, place: Place): Month {
	const { env, folder, time } = place;
	const told: string[] = [];
	const ask: Month["ask"] = async (query = {}) => {
		const path = `/spend/reconcile?${new URLSearchParams(query)}`;
		const reply = await fetch(app.url + path);
		const text = await reply.text();
		told.push(text);
		return { status: reply.status, text };
	};
	const call: Month["call"] = async (one, past = false) => {
		const reply = await send(past ? simulator.url : app.url, {
			...one,
			headers: { ...(past && { "x-api-key": upstreamKey }), ...one.headers },
		});
		const id = reply.headers.get("x-litellm-call-id") ?? "";
		return { status: reply.status, text: await readAll(reply), id };
	};
	const isOnLedger = async (id: string) => {
		const reply = await fetch(`${app.url}/spend/logs?request_id=${id}`);
		return ((await reply.json()) as unknown[]).length > 0;
	};
	return {
		app,
		simulator,
		setClock: (ms) => {
			time.nowMs = ms;
		},
		call,
		ask,
		batch: async (requests, script = {}) => {
			const path = "/v1/messages/batches";
			const body = JSON.stringify({ requests });
			const made = await call({
				path,
				body,
				script: { batch_polls: 0, ...script },
			});
			const { id } = JSON.parse(made.text) as { id: string };
			// It is looked at when its time has come.
			time.nowMs += 60_000;
			await waitFor(() => isOnLedger(`${id}_batch_cost`), `the batch ${id}`);
		},
		reconcile: async (query) => {
			const last = await call({ body: { model: "claude-haiku-5-5" } });
			await waitFor(() => isOnLedger(last.id), "the last call");
			const { status, text } = await ask(query);
			if (status !== 200) throw new Error(text);
			return JSON.parse(text);
		},
		stop: async () => {
			const canaries = toCanaries(env);
			const leaks = [
				...findInExchanges(simulator.record.all(), canaries),
				...findIn("an answer", told.join("\n"), canaries),
				...findInFolder(folder, canaries),
			];
			await app.stop(true);
			await simulator.stop();
			rmSync(folder, { recursive: true, force: true });
			requireNone(leaks);
		},
	};
}
