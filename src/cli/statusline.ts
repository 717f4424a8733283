/** `tollway statusline`: one line for Claude Code to show. It never fails, and is never late. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { AskError } from "./ask-error.ts";
import { type AskAsCaller, openCaller, toReason } from "./caller.ts";
import { toCallersWorld } from "./claude-environment.ts";
import { type Given, toLoadOptions } from "./command-options.ts";
import type { Config } from "./config.ts";
import { findGateway } from "./find-gateway.ts";
import { type KeyRow, readKeyRow, toMinute, toMoney } from "./key-row.ts";
import * as kinds from "./kinds.ts";
import { loadFrom } from "./load-options.ts";
import { print } from "./print.ts";
import { escapeControls } from "./safe-text.ts";
import { readSessionCost, type SessionCost, toShare } from "./session-cost.ts";
import { type Paint, toPlainPaint } from "./terminal.ts";
import { exitCodes, type World } from "./world.ts";

/** Of all: Claude Code draws its screen without it until then. */
const patienceMs = 1_000;
/** Claude Code writes a few KB, and at once. */
const inputBounds = { maxBytes: 1024 * 1024, timeoutMs: 200 } as const;

/** What Claude Code shows where nothing is to be had. */
const away = "tollway: away";
const misconfigured = "tollway: see `tollway config`";

/** Prints one line; resolves with 0. */
export async function showStatusLine(
	world: World,
	given: Given,
): Promise<number> {
	const line = await Promise.race([
		// Whatever it is, Claude Code's screen is no place for it.
		toLine(world, given).catch((error: Error) => {
			world.stderr.write(`tollway: ${escapeControls(error.message)}\n`);
			return away;
		}),
		delay(patienceMs, away),
	]);
	await print(world.stdout, `${line}\n`);
	return exitCodes.ok;
}

async function toLine(world: World, given: Given): Promise<string> {
	const callers = toCallersWorld(world);
	const options = toLoadOptions(given);
	const { config } = loadFrom(callers, options);
	if (config === null) return misconfigured;
	const place = toPlace(config, world);
	const [input, url] = await Promise.all([
		world.readInput(inputBounds),
		findGateway(place.config, callers, patienceMs),
	]);
	if (url === null) return away;
	const ask = openCaller(callers, { ...place, url, timeoutMs: patienceMs });
	const sessionId = config.sessionId ?? readSessionId(input);
	const nowMs = world.clock.now();
	const parts = await readParts(ask, { sessionId, nowMs });
	return toText(parts, toPaint(world));
}

interface Place {
	readonly config: Config;
	readonly key: string | null;
}

/**
 * Where Claude Code's calls go, with what it sends there, unless the settings name another gateway. The master key goes to
 * the gateway of the settings only.
 */
function toPlace(config: Config, { env }: World): Place {
	const { callerKey, gatewayUrl, masterKey } = config;
	const claudes = kinds.gatewayUrl.safeParse(env.ANTHROPIC_BASE_URL ?? "");
	if (gatewayUrl !== null || !claudes.success || !claudes.data) {
		return { config, key: callerKey ?? masterKey };
	}
	const own = env.ANTHROPIC_AUTH_TOKEN || env.ANTHROPIC_API_KEY || null;
	return {
		config: { ...config, gatewayUrl: claudes.data },
		key: callerKey ?? own,
	};
}

/** Claude Code's own; null where it gave none. */
function readSessionId(input: string): string | null {
	try {
		const { session_id: id } = z
			.object({ session_id: z.string().min(1).max(256) })
			.parse(JSON.parse(input));
		return id;
	} catch {
		// Typed on a terminal, or another version's input: the line has its other parts.
		return null;
	}
}

interface Parts {
	/** Null: none of a table. */
	readonly key: KeyRow | null;
	/** Dollars since midnight UTC; null: not for this caller. */
	readonly today: number | null;
	readonly session: SessionCost | null;
}

const infoRow = z.object({ info: z.unknown() });
const days = z.array(z.object({ startTime: z.string(), spend: z.number() }));

/** Rejects with AskError. */
async function readParts(
	ask: AskAsCaller,
	{
		sessionId,
		nowMs,
	}: { readonly sessionId: string | null; readonly nowMs: number },
): Promise<Parts> {
	const day = new Date(nowMs).toISOString().slice(0, 10);
	const [info, session] = await Promise.all([
		ask("/key/info"),
		sessionId === null ? null : readSessionCost(sessionId, ask),
	]);
	const isKey = info.status === 200;
	// Refused, and 400 where the caller is let in but holds no key of the table.
	if (!isKey && info.status !== 400) throw new AskError(toReason(info));
	const key = isKey ? readKeyRow(infoRow.parse(info.body).info) : null;
	const logs = await ask("/spend/logs", {
		start_date: day,
		end_date: day,
		...(key?.token && { api_key: key.token }),
	});
	const read = days.safeParse(logs.body);
	const today = read.success ? (read.data[0]?.spend ?? 0) : null;
	return { key, today, session };
}

/** Claude Code reads a pipe, and shows colour all the same: asked for by a terminal that has it. */
function toPaint({ env, stdout }: World): Paint {
	const isAsked = Boolean(env.COLORTERM) || /color|xterm/.test(env.TERM ?? "");
	return toPlainPaint({ env }, { ...stdout, isTty: isAsked });
}

function toText({ key, today, session }: Parts, paint: Paint): string {
	const share = session?.cache_share ?? null;
	const parts = [
		...(key === null ? [] : [toBudget(key, paint)]),
		...(today === null ? [] : [`today ${toMoney(today)}`]),
		...(session === null ? [] : [`session ${toMoney(session.spend)}`]),
		...(share === null ? [] : [`cache ${toShare(share)}`]),
	];
	return parts.join(paint("dim", " · "));
}

/** Of the budget: as Claude Code itself warns. */
const lowShare = 0.25;
const emptyShare = 0.05;

function toBudget(row: KeyRow, paint: Paint): string {
	const name = escapeControls(row.key_alias ?? row.key_name);
	const { max_budget: max, spend, budget_reset_at: reset } = row;
	if (max === null) return name;
	const left = Math.max(0, max - spend);
	const style =
		left <= max * emptyShare
			? "red"
			: left <= max * lowShare
				? "yellow"
				: "green";
	const until = reset === null ? "" : ` until ${toMinute(reset)} UTC`;
	return `${name} ${paint(style, `${toMoney(left)} left`)} of ${toMoney(max)}${until}`;
}
