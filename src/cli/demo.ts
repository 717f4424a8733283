/** `tollway demo`: the gateway in front of a simulated Anthropic; no key, no cost, nothing left behind. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toPasteLine } from "./banner.ts";
import { type CallFields, toDurationText } from "./call-line.ts";
import type { Config } from "./config.ts";
import { toCallRow, toCurlLines } from "./demo-text.ts";
import { loadConfig } from "./load-config.ts";
import { openLog } from "./log.ts";
import { readText } from "./read-text.ts";
import { type ReplySummary, readUsage } from "./read-usage.ts";
import { escapeControls } from "./safe-text.ts";
import { openSignals, type Signals } from "./stop.ts";
import { type Paint, toPlainPaint } from "./terminal.ts";
import { type DemoCall, exitCodes, type Gateway, type World } from "./world.ts";

/** The simulator takes any key; this one looks real enough to pass as Anthropic's. */
const demoKey = "sk-ant-api03-demo-key-of-the-simulator";

/** Built from nothing: no variable of the environment, least of all DATABASE_URL or a key, has a say. */
function toDemoConfig(
	world: World,
	upstreamUrl: string,
	dataDir: string,
): Config {
	const { config, problems } = loadConfig({
		...world,
		env: {
			PORT: "0",
			TOLLWAY_UPSTREAM_URL: upstreamUrl,
			TOLLWAY_UPSTREAM_KEY: demoKey,
			TOLLWAY_DATA_DIR: dataDir,
			NO_COLOR: world.env.NO_COLOR,
			FORCE_COLOR: world.env.FORCE_COLOR,
		},
	});
	if (config === null) throw new Error(problems.join(" "));
	return config;
}

const replyMaxBytes = 8_388_608;
const callTimeoutMs = 30_000;

export interface DemoResult {
	readonly call: DemoCall;
	/** 0 when there was no reply. */
	readonly status: number;
	readonly tookMs: number;
	readonly summary: ReplySummary;
	readonly asExpected: boolean;
}

async function send(
	call: DemoCall,
	{ fetch, clock }: World,
	{ url, signal }: { url: string; signal: AbortSignal },
): Promise<DemoResult> {
	const startedMs = clock.monotonic();
	const reply = await fetch(url + call.path, {
		method: call.method,
		// The summary reads the reply as text.
		headers: { ...call.headers, "accept-encoding": "identity" },
		body: call.body === null ? null : new TextEncoder().encode(call.body),
		signal: AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]),
	});
	const text = await readText(reply, replyMaxBytes);
	const { status } = reply;
	return {
		call,
		status,
		tookMs: clock.monotonic() - startedMs,
		summary: readUsage(text, reply.headers.get("content-type") ?? ""),
		asExpected:
			call.expectStatus === undefined
				? status >= 200 && status < 300
				: status === call.expectStatus,
	};
}

interface Stage {
	readonly world: World;
	readonly gateway: Gateway;
	readonly config: Config;
	readonly signals: Signals;
	readonly paint: Paint;
	/** The table's own calls have their rows; lines are for those that come by hand afterwards. */
	readonly callLines: { shown: boolean };
	say(line: string): void;
}

/** Sends the table's calls one after the other; resolves with how many went as they should. */
async function perform({
	world,
	gateway,
	signals,
	paint,
	say,
}: Stage): Promise<number> {
	const interrupted = new AbortController();
	void signals.nth(1).then(() => interrupted.abort());
	let good = 0;
	for (const call of world.demoCalls) {
		if (interrupted.signal.aborted) break;
		try {
			const { signal } = interrupted;
			const result = await send(call, world, { url: gateway.url, signal });
			if (result.asExpected) good += 1;
			say(toCallRow(result, world, paint));
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			say(`  ${paint("red", "✗")} ${call.title}: ${why}`);
		}
	}
	return good;
}

function invite({ world, gateway, config, paint, say }: Stage): void {
	const started = { config, url: gateway.url };
	say("");
	say(paint("dim", "  Try it by hand, in another shell:"));
	say("");
	say(`  ${paint("green", toPasteLine(started, world.platform))}`);
	if (world.platform !== "win32") {
		for (const line of toCurlLines(gateway.url))
			say(`  ${paint("green", line)}`);
	}
	say("");
}

async function play(stage: Stage, keep: boolean): Promise<number> {
	const { world, gateway, signals, paint, say } = stage;
	const startedMs = world.clock.monotonic();
	say("");
	say(
		`  ${paint(["bold", "magenta"], "Tollway")} ${paint("dim", world.build.version)}  ${paint(["bold", "cyan"], gateway.url)}  ${paint("dim", "in front of a simulated Anthropic: no key, no cost")}`,
	);
	say("");
	const good = await perform(stage);
	const total = world.demoCalls.length;
	const took = toDurationText(world.clock.monotonic() - startedMs);
	say("");
	say(
		good === total
			? `  ${paint("green", `All ${total} calls went through`)} ${paint("dim", `in ${took}.`)}`
			: `  ${paint("red", `${total - good} of ${total} calls did not go as they should.`)}`,
	);
	if (keep) {
		invite(stage);
		say(paint("dim", "  Ctrl-C ends the demo and removes its data."));
		say("");
		stage.callLines.shown = true;
		await signals.nth(1);
		say("");
	} else {
		say(paint("dim", "  `tollway demo --keep` stays open, to try it by hand."));
		say("");
	}
	return good === total ? exitCodes.ok : exitCodes.failed;
}

type Closer = () => Promise<void> | void;

/** Whatever it opened can be closed by `closers`, last first, even when it fails half way. */
async function openStage(world: World, closers: Closer[]): Promise<Stage> {
	const { stdout } = world;
	const signals = openSignals(world);
	closers.push(signals.close);
	const dataDir = mkdtempSync(join(tmpdir(), "tollway-demo-"));
	closers.push(() => rmSync(dataDir, { recursive: true, force: true }));
	const simulator = await world.openSimulator();
	closers.push(() => simulator.close());
	const config = toDemoConfig(world, simulator.url, dataDir);
	const log = openLog(config.log, world);
	closers.push(() => log.close());
	const callLines = { shown: false };
	const onCall = (call: CallFields) => {
		if (callLines.shown) log.onCall(call);
	};
	// The demo's ledger goes with its folder.
	const gateway = await world.serve(config, { onCall, onLost: () => {} });
	closers.push(() => gateway.stop(true));
	const say = (line: string) => stdout.write(`${line}\n`);
	const paint = toPlainPaint(world, stdout);
	return { world, gateway, config, signals, paint, callLines, say };
}

/** Runs the calls, then stays until a signal on a terminal or with `keep`. Resolves with the exit code. */
export async function runDemo(
	world: World,
	{ keep }: { readonly keep: boolean },
): Promise<number> {
	const closers: Closer[] = [];
	try {
		const stage = await openStage(world, closers);
		return await play(stage, keep || world.stdout.isTty);
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		world.stderr.write(
			`tollway: the demo could not start: ${escapeControls(why)}\n`,
		);
		return exitCodes.failed;
	} finally {
		for (const close of closers.reverse()) await close();
	}
}
