/** Ten sessions of Claude Code on one budget: what open calls hold must keep nobody from spending it, and nothing passes it. */
import { toHoldAmount } from "../../src/domain/hold-amount.ts";
import { toHoldAsk } from "../../src/gateway/hold-ask.ts";
import { scanBody } from "../../src/gateway/scan/scan.ts";
import {
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import { openCatalog, toNanosOf } from "../crash/truth.ts";
import { type Figure, type SoakContext, toNone } from "./figure.ts";
import { startGateway } from "./rig.ts";
import {
	openSeen,
	type Refused,
	runSession,
	type Seen,
	type SessionOptions,
} from "./session.ts";

/** What the sessions do, and how many dollars they may spend. */
export interface Load
	extends Pick<
		SessionOptions,
		"model" | "maxTokens" | "ttl" | "outputTokens" | "delayMs"
	> {
	readonly dollars: number;
}

/** Each call costs a few cents: most of its prompt comes from the cache. */
const usual: Load = {
	model: "claude-sonnet-5-5",
	ttl: "5m",
	maxTokens: 32_000,
	dollars: 20,
	outputTokens: [500, 5_000],
	delayMs: [1_000, 4_000],
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
	],
	/** What a call holds is as large a part of the budget. */
	quick: [
		{
			...usual,
			maxTokens: 3_200,
			dollars: 2.5,
			outputTokens: [50, 500],
			delayMs: [20, 150],
		},
	],
} as const satisfies Record<string, readonly Load[]>;

const sessions = 10;
const leastShare = 95;
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
	const wrong = await countWrong(seen, load, place);
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

const catalog = openCatalog();

const toSpent = (served: Seen["served"]): bigint =>
	served.reduce(
		(sum, { usage }) => sum + (toNanosOf(usage, catalog, Date.now()) ?? 0n),
		0n,
	);

/** What a client sees a little later is settled already. */
const lateMs = 1_000;

/** Refusals for good of calls that had room beside what was settled, by what upstream counts and what clients saw. */
async function countWrong(seen: Seen, load: Load, place: Place) {
	let wrong = 0;
	for (const refused of seen.refused) {
		const settled = toSpent(
			seen.served.filter(({ atMs }) => atMs <= refused.atMs + lateMs),
		);
		const said = toSaidNanos(refused);
		const hold = await toHold(refused, place);
		if (said > settled || said + hold <= toBudget(load)) wrong += 1;
	}
	return wrong;
}

/** What it says is spent. */
function toSaidNanos({ message }: Refused): bigint {
	const dollars = /of which \$([\d.]+) is spent/.exec(message)?.[1];
	if (dollars === undefined) throw new Error(`no amount in: ${message}`);
	return BigInt(Math.round(Number(dollars) * 1e9));
}

async function toHold({ body }: Refused, place: Place): Promise<bigint> {
	const { model, system, messages, tools } = JSON.parse(body);
	const reply = await fetch(`${place.simulator.url}/v1/messages/count_tokens`, {
		method: "POST",
		headers: { "x-api-key": "any", "anthropic-version": "2023-06-01" },
		body: JSON.stringify({ model, system, messages, tools }),
		proxy: "",
	});
	const { input_tokens: countedTokens } = await reply.json();
	const scan = scanBody(new TextEncoder().encode(body));
	const find = (name: string) => catalog.find(name, Date.now()).price;
	const ask = toHoldAsk(scan, find);
	if (ask === null) throw new Error(`${model} has no price`);
	return toHoldAmount({ ...ask, countedTokens }, "usual").nanos;
}

interface Rest {
	/** What the gateway says was spent. */
	readonly ledger: bigint;
	/** Of upstream, how long a prompt is. */
	readonly questions: number;
	readonly seconds: number;
	readonly wrong: number;
}

function toFigures(seen: Seen, load: Load, rest: Rest): Figure[] {
	const { model, ttl, dollars } = load;
	const about = (name: string) => `${model}, ${ttl}, $${dollars}: ${name}`;
	const spent = toSpent(seen.served);
	const budget = toBudget(load);
	const count = (name: string, value: number): Figure => ({
		name: about(name),
		value,
		unit: "count",
	});
	const billing = seen.refused.filter(({ type }) => type === "billing_error");
	const calls = seen.served.length;
	return [
		count("calls served", calls),
		{
			...count("mean cost of a call", 0),
			value: Number(spent) / calls / 1e7,
			unit: "¢",
		},
		...[...seen.waits].map(([what, times]) => count(`retries: ${what}`, times)),
		count("questions to count_tokens", rest.questions),
		{
			...count("sessions ended by billing_error", billing.length),
			atLeast: sessions,
		},
		toNone(about("of these, with room beside what was settled"), rest.wrong),
		toNone(about("calls given up after ten retries"), seen.givenUp),
		toNone(about("odd answers"), seen.odd.length),
		{
			name: about("spent, of the budget"),
			value: (Number(spent) / Number(budget)) * 100,
			unit: "%",
			atLeast: leastShare,
		},
		toNone(
			about("overshoot, nano-dollars"),
			Number(spent > budget ? spent - budget : 0n),
		),
		toNone(
			about("ledger against clients, nano-dollars"),
			Math.abs(Number(rest.ledger - spent)),
		),
		{ ...count("took", 0), value: rest.seconds, unit: "s" },
	];
}
