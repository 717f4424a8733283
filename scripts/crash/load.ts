/** Clients, as many at a time as wanted, that note every end of a reply which they have seen. */
import { type CallPlan, toBody, toHeaders } from "./plan.ts";
import { readPlain, readStream, type Told } from "./truth.ts";

/** The end of a reply that a client has seen. */
export interface SeenEnd {
	/** As the gateway's reply named the call. */
	readonly id: string;
	readonly plan: CallPlan;
	readonly told: Told;
	/** Monotonic milliseconds. */
	readonly atMs: number;
}

/** All that is known outside the gateway. */
export interface Witness {
	/** In the order in which they were seen. */
	readonly seen: SeenEnd[];
	/** Every call that was begun, by its label. */
	readonly plans: Map<string, CallPlan>;
	/** Answers that neither upstream nor a good gateway gives. */
	readonly odd: string[];
}

export const openWitness = (): Witness => ({
	seen: [],
	plans: new Map(),
	odd: [],
});

export interface Load {
	/** Begins no more calls. */
	halt(): void;
	/** Resolves when all that were begun have ended; after `halt`. */
	readonly ended: Promise<void>;
}

export interface LoadOptions {
	readonly url: string;
	readonly concurrency: number;
	readonly next: () => CallPlan;
	readonly witness: Witness;
}

export function startLoad(options: LoadOptions): Load {
	const { concurrency, next, witness } = options;
	let halted = false;
	const work = async () => {
		while (!halted) {
			const plan = next();
			witness.plans.set(plan.label, plan);
			// A gateway that is killed breaks what its clients do.
			await run(plan, options).catch(() => {});
		}
	};
	const workers = Array.from({ length: concurrency }, work);
	return {
		halt: () => {
			halted = true;
		},
		ended: Promise.all(workers).then(() => {}),
	};
}

const longestCallMs = 20_000;
/** What the plans make upstream answer. */
const wanted: ReadonlySet<number> = new Set([200, 429]);

async function run(
	plan: CallPlan,
	{ url, witness }: LoadOptions,
): Promise<void> {
	const reply = await fetch(`${url}/anthropic/v1/messages`, {
		method: "POST",
		headers: toHeaders(plan),
		body: toBody(plan),
		signal: AbortSignal.timeout(plan.leaveMs ?? longestCallMs),
		proxy: "",
	});
	const id = reply.headers.get("x-litellm-call-id") ?? "";
	const see = (told: Told) =>
		witness.seen.push({ id, plan, told, atMs: performance.now() });
	const type = reply.headers.get("content-type") ?? "";
	if (!type.startsWith("text/event-stream")) {
		const body = await reply.text();
		if (wanted.has(reply.status)) see(readPlain(reply.status, body));
		else witness.odd.push(`${plan.label}: ${reply.status} ${body}`);
		return;
	}
	const decoder = new TextDecoder();
	let text = "";
	let told: Told | null = null;
	for await (const chunk of reply.body ?? []) {
		text += decoder.decode(chunk, { stream: true });
		if (told !== null) continue;
		told = readStream(text);
		if (told !== null) see(told);
	}
	// Upstream broke off, and nothing was forged: the client has seen all there was.
	if (told === null) see("some");
}
