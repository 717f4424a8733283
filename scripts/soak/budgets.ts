/** Ten sessions of Claude Code on one budget: what open calls hold must keep nobody from spending it, and nothing passes it. */
import {
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import { type Figure, type SoakContext, toNone, type Unit } from "./figure.ts";
import { countWrong, toSpent } from "./refusals.ts";
import { startGateway } from "./rig.ts";
import {
	openSeen,
	runSession,
	type Seen,
	type SessionOptions,
} from "./session.ts";

/** What the sessions do, and how many dollars they may spend. */
export interface Load
	extends Pick<
		SessionOptions,
		"model" | "maxTokens" | "ttl" | "outputTokens" | "delayMs" | "toolMs"
	> {
	readonly dollars: number;
	/** How much of them can be spent, in percent. Null: it is told what becomes of it. */
	readonly leastShare: number | null;
}

/** Each call costs a few cents: most of its prompt comes from the cache. */
const usual: Load = {
	model: "claude-sonnet-5-5",
	ttl: "5m",
	maxTokens: 32_000,
	dollars: 20,
	leastShare: 95,
	outputTokens: [500, 5_000],
	delayMs: [1_000, 4_000],
	toolMs: [0, 2_000],
};

export const budgetsSizes = {
	/** The second holds nearly a twentieth of the budget for each call. */
	full: [
		usual,
		{
			...usual,
			model: "claude-opus-5-5",
			ttl: "1h",
			outputTokens: [300, 2_500],
		},
		/** As Claude Code 2.1.330 asks where nobody has set CLAUDE_CODE_MAX_OUTPUT_TOKENS: a hold of $3. */
		{
			...usual,
			model: "claude-opus-5-5",
			maxTokens: 128_000,
			outputTokens: [300, 2_500],
			leastShare: null,
		},
	],
	/** What a call holds is as large a part of the budget. */
	quick: [
		{
			...usual,
			maxTokens: 3_200,
			dollars: 2.5,
			outputTokens: [50, 500],
			delayMs: [20, 150],
			toolMs: [0, 50],
		},
	],
} as const satisfies Record<string, readonly Load[]>;

const sessions = 10;
const masterKey = "sk-master-of-the-soak";

export async function soakBudgets(
	context: SoakContext,
	loads: readonly Load[],
): Promise<Figure[]> {
	const figures: Figure[] = [];
	for (const load of loads) {
		const record = { maxBodyBytes: 0, maxExchanges: 100 };
		const simulator = await openSimulator({ record });
		const env = { TOLLWAY_MASTER_KEY: masterKey };
		const gateway = await startGateway(context, simulator.url, env);
		try {
			const place = { url: gateway.url, masterKey, simulator };
			figures.push(...(await spendBudget(place, load, context)));
		} finally {
			await gateway.stop();
			await simulator.stop();
		}
	}
	return figures;
}

export interface Place {
	/** Of the gateway. */
	readonly url: string;
	readonly masterKey: string;
	/** Its upstream. */
	readonly simulator: Simulator;
}

/** Until no session may go on. */
export async function spendBudget(
	place: Place,
	load: Load,
	{ seed, signal, progress }: Pick<SoakContext, "seed" | "signal" | "progress">,
): Promise<Figure[]> {
	const { url, simulator } = place;
	const manage = openManagement(place, signal);
	const { key, token } = await manage("/key/generate", {
		max_budget: load.dollars,
	});
	let questions = 0;
	const undo = simulator.script(({ target }) => {
		if (target.startsWith("/v1/messages/count_tokens")) questions += 1;
		return undefined;
	});
	const seen = openSeen();
	const startMs = performance.now();
	const timer = setInterval(() => {
		progress(`${seen.served.length} calls, ${seen.refused.length} refused`);
	}, tellEveryMs);
	try {
		const each = Array.from({ length: sessions }, (_, at) =>
			runSession({ ...load, url, key, signal, seed: seed * 100 + at }, seen),
		);
		await Promise.all(each);
	} finally {
		clearInterval(timer);
		undo();
	}
	for (const odd of seen.odd) progress(odd);
	const seconds = (performance.now() - startMs) / 1_000;
	const { info } = await manage(`/key/info?key=${token}`);
	const wrong = await countWrong(seen, toBudget(load), simulator.url);
	return toFigures(seen, load, {
		ledger: BigInt(Math.round(info.spend * 1e9)),
		questions,
		seconds,
		wrong,
	});
}

const tellEveryMs = 10_000;

function openManagement({ url, masterKey }: Place, signal: AbortSignal) {
	return async (path: string, body?: object) => {
		const reply = await fetch(url + path, {
			method: body === undefined ? "GET" : "POST",
			headers: { authorization: `Bearer ${masterKey}` },
			body: body === undefined ? null : JSON.stringify(body),
			signal,
			proxy: "",
		});
		if (!reply.ok) throw new Error(`${path}: ${await reply.text()}`);
		return reply.json();
	};
}

const toBudget = ({ dollars }: Load) => BigInt(Math.round(dollars * 1e9));

interface Rest {
	/** What the gateway says was spent. */
	readonly ledger: bigint;
	/** Of upstream, how long a prompt is. */
	readonly questions: number;
	readonly seconds: number;
	readonly wrong: number;
}

function toFigures(seen: Seen, load: Load, rest: Rest): Figure[] {
	const { model, ttl, dollars, maxTokens, leastShare } = load;
	const what = `$${dollars}, ${model}, ${ttl}, ${maxTokens} tokens`;
	const tell = (name: string, value: number, unit: Unit = "count"): Figure => ({
		name: `${what}: ${name}`,
		value,
		unit,
	});
	const none = (name: string, value: number) =>
		toNone(`${what}: ${name}`, value);
	const spent = toSpent(seen.served);
	const budget = toBudget(load);
	const calls = seen.served.length;
	const share = (Number(spent) / Number(budget)) * 100;
	const billing = seen.refused.filter(({ type }) => type === "billing_error");
	return [
		tell("calls served", calls),
		tell("mean cost of a call", Number(spent) / calls / 1e7, "¢"),
		...[...seen.waits].map(([why, times]) => tell(`retries: ${why}`, times)),
		tell("questions to count_tokens", rest.questions),
		{
			...tell("sessions ended by billing_error", billing.length),
			atLeast: sessions,
		},
		none("of these, with room beside what was settled", rest.wrong),
		// Whoever comes back first finds the room: of ten sessions with room for one call some wait for longer than that.
		tell("calls given up after ten retries", seen.givenUp),
		none("odd answers", seen.odd.length),
		{
			...tell("spent, of the budget", share, "%"),
			...(leastShare !== null && { atLeast: leastShare }),
		},
		none(
			"overshoot, nano-dollars",
			Number(spent > budget ? spent - budget : 0n),
		),
		none(
			"ledger against clients, nano-dollars",
			Math.abs(Number(rest.ledger - spent)),
		),
		tell("took", rest.seconds, "s"),
	];
}
