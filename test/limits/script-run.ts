/** Runs a script of steps against a gateway, and holds what its counter says against what its ledger has. */
import { expect } from "bun:test";
import type { Limit } from "../../src/domain/limit.ts";
import { fromMemberId } from "../../src/domain/people.ts";
import type { SubjectKind } from "../../src/domain/subject.ts";
import {
	forever,
	isIn,
	type Window,
	windowAt,
} from "../../src/domain/window.ts";
import { toName } from "../../src/limits/cell.ts";
import { findReset } from "../../src/limits/spent.ts";
import { openModelMatch } from "../../src/pricing/model-match.ts";
import type { StoredEntry } from "../../src/store/entry-row.ts";
import { type Answering, type LimitsRig, masterKey } from "./limits-rig.ts";
import {
	budgets,
	type CallStep,
	customers,
	type EndStep,
	keyCount,
	type Manage,
	models,
	type Step,
	tags,
	teams,
	users,
} from "./script-steps.ts";
import { toAnswering } from "./script-upstream.ts";

interface Running {
	readonly answer: (answering: Answering) => void;
	readonly over: Promise<unknown>;
	readonly leave: () => void;
	readonly stream: boolean;
}

interface State {
	readonly rig: LimitsRig;
	/** By number: the value that callers send. */
	readonly keys: string[];
	running: Running[];
	/** What was said last, by budget and window; it only grows. */
	readonly said: Map<string, bigint>;
	/** Rows of the ledger never change. */
	rows: readonly string[];
}

const url = "http://127.0.0.1";
const bearer = (key: string) => ({
	host: "127.0.0.1",
	authorization: `Bearer ${key}`,
});

async function manage(s: State, path: string, body: object) {
	const reply = await s.rig.ask(
		new Request(url + path, {
			method: "POST",
			headers: bearer(masterKey),
			body: JSON.stringify(body),
		}),
	);
	return { status: reply.status, body: await reply.json() };
}

async function mustManage(s: State, path: string, body: object) {
	const { status, body: answer } = await manage(s, path, body);
	expect([path, status, answer]).toEqual([path, 200, answer]);
	return answer;
}

export async function openScript(rig: LimitsRig): Promise<State> {
	const s: State = { rig, keys: [], running: [], said: new Map(), rows: [] };
	for (const budget_id of budgets) {
		await mustManage(s, "/budget/new", { budget_id, max_budget: 0.02 });
	}
	for (const user_id of users) {
		await mustManage(s, "/user/new", { user_id, auto_create_key: false });
	}
	for (const team_id of teams) {
		const members = users.map((user_id) => ({ role: "user", user_id }));
		await mustManage(s, "/team/new", { team_id, members_with_roles: members });
	}
	for (let at = 0; at < keyCount; at++) await makeKey(s, at);
	return s;
}

async function makeKey(s: State, at: number) {
	const fields = [
		{ max_budget: 0.01, budget_duration: "1d" },
		{ team_id: "t0", user_id: "u0" },
		{ user_id: "u1", max_budget: 0.01 },
		{ team_id: "t1" },
	][at];
	s.keys[at] = (await mustManage(s, "/key/generate", fields ?? {})).key;
}

const steps = {
	manage: (s: State, one: Extract<Step, { do: "manage" }>) =>
		runManage(s, one.manage),
	call: runCall,
	end: runEnd,
	wait: async ({ rig: { time } }: State, { ms }: { ms: number }) => {
		time.wallMs += ms;
		time.monotonicMs += ms;
	},
	"set the clock": async (
		{ rig: { time } }: State,
		{ byMs }: { byMs: number },
	) => {
		time.wallMs += byMs;
	},
	check,
	restart: async (s: State) => {
		await endAll(s);
		await s.rig.restart();
		await check(s);
	},
} as const;

export const runStep = (s: State, one: Step): Promise<void> =>
	(steps[one.do] as (s: State, one: Step) => Promise<void>)(s, one);

async function runManage(s: State, { path, body, ...one }: Manage) {
	if (!("key" in one)) {
		const { status } = await manage(s, path, body);
		expect([200, 400, 404]).toContain(status);
		return;
	}
	const key = s.keys[one.key] ?? "";
	const named = path.includes(":key") ? {} : { key };
	const asked =
		path === "/key/delete" ? { keys: [key] } : { ...body, ...named };
	const answer = await manage(s, path.replace(":key", key), asked);
	expect([200, 400, 404]).toContain(answer.status);
	if (answer.status !== 200) return;
	if (path === "/key/regenerate") s.keys[one.key] = answer.body.key;
	if (path === "/key/delete") await makeKey(s, one.key);
}

async function runCall(s: State, step: CallStep) {
	const key = s.keys[step.key] ?? masterKey;
	const leaving = new AbortController();
	const before = s.rig.atUpstream.length;
	const asked = {
		model: step.model,
		...(!step.isFree && { max_tokens: step.maxTokens }),
		messages: [{ role: "user", content: "Hello, world" }],
		...(!step.isFree && { stream: step.stream }),
	};
	s.rig.counting.isAsked = step.isFree;
	const path = step.isFree ? "/v1/messages/count_tokens" : "/v1/messages";
	let reply: Response | null = null;
	const over = s.rig
		.ask(
			new Request(url + path, {
				method: "POST",
				headers: {
					...bearer(key),
					...(step.customer && { "x-litellm-end-user-id": step.customer }),
					...(step.tags.length && { "x-litellm-tags": step.tags.join(",") }),
				},
				body: JSON.stringify(asked),
				signal: leaving.signal,
			}),
		)
		.then(async (it) => {
			reply = it;
			await it.text().catch(() => {});
		});
	while (s.rig.atUpstream.length === before && reply === null) {
		await new Promise(setImmediate);
	}
	const answer = s.rig.atUpstream.pop();
	if (answer === undefined) {
		expect([400, 401, 403, 429]).toContain(
			(reply as Response | null)?.status ?? 0,
		);
		await over;
		return;
	}
	const { stream } = step;
	const call = { answer, over, stream, leave: () => leaving.abort() };
	if (step.isFree) {
		answer(() => Response.json({ input_tokens: 12 }));
		await over;
		return;
	}
	s.running.push(call);
	await expectWithin(s, step);
}

/** I-05: whoever was let in fits, the holds of all that run included. */
async function expectWithin(s: State, step: CallStep) {
	const { directory, limits } = s.rig.parts();
	const found = directory.keys
		.list()
		.find(({ hash }) => hash === toHash(s.keys[step.key] ?? ""));
	const bound = limits.find({
		key: found ?? null,
		keyId: null,
		endUser: step.customer,
		tags: [...step.tags, ...(found?.tags ?? [])],
		models: [step.model],
		startedMs: s.rig.time.wallMs,
	});
	for (const limit of bound.limits.filter(isBudget)) {
		const { used, held } = await s.rig.count(limit);
		expect(held).toBeGreaterThan(0n);
		expect(used + held).toBeLessThanOrEqual(limit.ceiling);
	}
}

const toHash = (key: string) =>
	new Bun.CryptoHasher("sha256").update(key).digest("hex");

const isBudget = ({ measure, soft }: Limit) => measure === "nanos" && !soft;

async function runEnd(s: State, step: EndStep) {
	const [call] = s.running.splice(
		step.which % Math.max(1, s.running.length),
		1,
	);
	if (call === undefined) return;
	call.answer(toAnswering(step, call.stream));
	if (step.how === "left" && call.stream) {
		await new Promise(setImmediate);
		call.leave();
	}
	await call.over;
	await s.rig.parts().gateway.flights.size();
	await s.rig.rest();
}

async function endAll(s: State) {
	while (s.running.length > 0) {
		await runEnd(s, {
			do: "end",
			which: 0,
			how: "done",
			model: models[0],
			tokens: 1,
		});
	}
}

/** Every budget that somebody may meet. */
function listBudgets({ rig }: State): readonly Limit[] {
	const { directory, limits } = rig.parts();
	const found = new Map<string, Limit>();
	for (const key of [null, ...directory.keys.list()]) {
		for (const endUser of customers) {
			const all = limits.find({
				key,
				keyId: null,
				endUser,
				tags,
				models,
				startedMs: rig.time.wallMs,
			});
			for (const limit of all.limits.filter(isBudget)) {
				found.set(toName(limit), limit);
			}
		}
	}
	return [...found.values()];
}

const isOf: Readonly<
	Record<SubjectKind, (entry: StoredEntry, id: string) => boolean>
> = {
	global: () => true,
	key: ({ keyId }, id) => keyId === id,
	user: ({ userId }, id) => userId === id,
	team: ({ teamId }, id) => teamId === id,
	member: ({ teamId, userId }, id) => {
		const [team, user] = fromMemberId(id);
		return teamId === team && userId === user;
	},
	customer: ({ endUser }, id) => endUser === id,
	tag: (entry, id) => entry.tags.includes(id),
};

/** From the rows alone. */
function recount(
	s: State,
	limit: Limit,
	{ startMs, endMs }: Window,
	entries: readonly StoredEntry[],
) {
	const { directory, gateway } = s.rig.parts();
	const match = openModelMatch(gateway.catalog, () => s.rig.time.wallMs);
	const reset = findReset(limit.subject, directory);
	const isReset = reset !== null && reset.atMs >= startMs && reset.atMs < endMs;
	const sinceMs = isReset ? reset.atMs : startMs;
	const base = isReset && limit.model === null ? BigInt(reset.nanos) : 0n;
	const sum = entries
		.filter(
			(entry) =>
				entry.payer === "operator" &&
				entry.startedMs >= sinceMs &&
				entry.startedMs < endMs &&
				isOf[limit.subject.kind](entry, limit.subject.id) &&
				(limit.model === null ||
					match.isFor(
						limit.model,
						match.toSumModel(entry.servedModel ?? entry.requestedModel ?? ""),
					)),
		)
		.reduce((total, { cost }) => total + BigInt(cost ?? 0), 0n);
	return { spent: base + sum, from: `${sinceMs}\n${base}` };
}

/** The counter, the sums and the rows say the same of every budget, and nothing that was said before is taken back. */
export async function check(s: State): Promise<void> {
	await s.rig.rest();
	const entries = await s.rig.entries();
	const rows = entries.map((entry) => JSON.stringify(entry, toText));
	expect(rows.slice(0, s.rows.length)).toEqual([...s.rows]);
	s.rows = rows;
	for (const entry of entries) {
		expect(entry.cost ?? 0n).toBeGreaterThanOrEqual(0n as never);
		if (entry.end.startsWith("refused:")) expect(Number(entry.cost)).toBe(0);
	}
	for (const limit of listBudgets(s)) await checkBudget(s, limit, entries);
}

const toText = (_name: string, value: unknown) =>
	typeof value === "bigint" ? String(value) : value;

async function checkBudget(
	s: State,
	limit: Limit,
	entries: readonly StoredEntry[],
) {
	const { wallMs } = s.rig.time;
	const { span } = limit;
	const window =
		span.kind === "scheduled" ? windowAt(span.schedule, wallMs) : forever;
	expect(isIn(window, wallMs)).toBe(true);
	const { spent, from } = recount(s, limit, window, entries);
	const { used, held } = await s.rig.count(limit);
	const name = `${toName(limit)}\n${window.startMs}`;
	expect([name, used]).toEqual([name, spent]);
	const read = s.rig.parts().readSpent;
	expect(await read(limit, window.startMs, window.endMs)).toBe(spent);
	expect(held).toBeGreaterThanOrEqual(0n);
	const since = `${name}\n${from}`;
	expect(used).toBeGreaterThanOrEqual(s.said.get(since) ?? 0n);
	s.said.set(since, used);
}

/** At rest nothing is held, whatever happened (I-07). */
export async function finish(s: State): Promise<void> {
	await endAll(s);
	await check(s);
	for (const limit of listBudgets(s)) {
		const { held } = await s.rig.count(limit);
		expect([toName(limit), held]).toEqual([toName(limit), 0n]);
	}
	await s.rig.restart();
	await check(s);
}
