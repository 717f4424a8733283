/** `tollway claude …`: Claude Code with this gateway, and what the session cost at its end. */
import { setTimeout as delay } from "node:timers/promises";
import { AskError } from "./ask-error.ts";
import { toClientUrl } from "./banner.ts";
import { type AskAsCaller, openCaller, toReason } from "./caller.ts";
import {
	findSession,
	toCallersWorld,
	toClaudeEnvironment,
} from "./claude-environment.ts";
import { tellOverrides } from "./claude-settings.ts";
import type { Given } from "./command-options.ts";
import { toLoadOptions } from "./command-options.ts";
import type { Config } from "./config.ts";
import { findGateway } from "./find-gateway.ts";
import { listBudgets, readKeyRow } from "./key-row.ts";
import { loadFrom, printProblems } from "./load-options.ts";
import { toOwnOrigin } from "./own-url.ts";
import { print } from "./print.ts";
import { readSessionCost, toSessionText } from "./session-cost.ts";
import { toPlainPaint } from "./terminal.ts";
import { exitCodes, type World } from "./world.ts";

const answerTimeoutMs = 5_000;

/** A call that was broken off is on the ledger within a second. */
const settledWithinMs = 1_200;

/** Resolves with Claude Code's own exit code; with 1 or 78, and why on stderr, where it was not started. */
export async function runClaude(world: World, given: Given): Promise<number> {
	const callers = toCallersWorld(world);
	const { config, problems } = loadFrom(callers, toLoadOptions(given));
	if (config === null) {
		printProblems(world, problems);
		return exitCodes.config;
	}
	try {
		const url = await requireGateway(config, callers);
		const key = config.callerKey;
		const ask = openCaller(callers, {
			config,
			url,
			key,
			timeoutMs: answerTimeoutMs,
		});
		const isBounded = await readIsBounded(ask, { url, key });
		const sessionId = findSession(world.env) ?? world.newId();
		tellOverrides(world);
		const use = { url: toReach(url, config), key, sessionId, isBounded };
		const env = toClaudeEnvironment(world.env, use);
		const code = await start(world, given, env);
		await tellCost(world, { ask, sessionId, code });
		return code;
	} catch (error) {
		if (!(error instanceof AskError)) throw error;
		world.stderr.write(`tollway: ${error.message}\n`);
		return exitCodes.failed;
	}
}

async function requireGateway(config: Config, world: World): Promise<string> {
	const url = await findGateway(config, world);
	if (url !== null) return url;
	const where =
		config.port === 0
			? "where is known (PORT=0 takes any free port)"
			: `at ${toOwnOrigin(config)}`;
	throw new AskError(
		`No gateway runs ${where}. Start one with \`tollway serve\`, or say where yours is with --url or TOLLWAY_URL.`,
	);
}

/** Its certificate is made out to the name that clients use. */
const toReach = (url: string, config: Config): string =>
	config.tls !== null && config.gatewayUrl === null
		? toClientUrl({ config, url: toOwnOrigin(config) })
		: url;

/** Whether a budget bounds the key. Rejects with AskError where the gateway does not let it in. */
async function readIsBounded(
	ask: AskAsCaller,
	{ url, key }: { readonly url: string; readonly key: string | null },
): Promise<boolean> {
	const answer = await ask("/key/info");
	if (answer.status === 200) {
		const { info } = answer.body as { readonly info?: unknown };
		return listBudgets(readKeyRow(info)).length > 0;
	}
	// It is let in, and no key of a table: the master key, or whatever the open mode was sent.
	if (answer.status === 400) return false;
	if (key !== null) {
		throw new AskError(
			`The gateway at ${url} does not take TOLLWAY_KEY. ${toReason(answer)}`,
		);
	}
	throw new AskError(
		`The gateway at ${url} wants a key. Set TOLLWAY_KEY to yours; whoever has the master key makes one with \`tollway key create\`.`,
	);
}

async function start(
	world: World,
	{ rest = [] }: Given,
	env: World["env"],
): Promise<number> {
	try {
		return await world.runChild({ command: "claude", args: rest, env });
	} catch (error) {
		const { code } = error as { readonly code?: unknown };
		throw new AskError(
			code === "ENOENT"
				? "There is no `claude` on PATH. Install Claude Code first: npm install -g @anthropic-ai/claude-code"
				: `Claude Code cannot be started (${String(code ?? error)}).`,
		);
	}
}

/** To stderr, because stdout is Claude Code's answer. */
async function tellCost(
	world: World,
	{
		ask,
		sessionId,
		code,
	}: {
		readonly ask: AskAsCaller;
		readonly sessionId: string;
		readonly code: number;
	},
): Promise<void> {
	// It may have left in the middle of a call.
	if (code !== exitCodes.ok) await delay(settledWithinMs);
	try {
		const cost = await readSessionCost(sessionId, ask);
		const paint = toPlainPaint(world, world.stderr);
		const text = cost === null ? "" : toSessionText(cost, paint);
		if (text !== "") await print(world.stderr, `${text}\n`);
	} catch (error) {
		if (!(error instanceof AskError)) throw error;
		const text = `tollway: what this session cost could not be read. ${error.message}\n`;
		await print(world.stderr, text);
	}
}
