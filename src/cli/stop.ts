/** From the first signal to the exit: no new calls, open answers end, a second signal cuts them. */
import { getLogger } from "@logtape/logtape";
import { exitCodes, type Gateway, type World } from "./world.ts";

export interface Signals {
	/** Resolves with the n-th signal's name; n counts from 1. */
	nth(n: number): Promise<string>;
	close(): void;
}

/** Listens from now on, so that a signal during the start is not lost. */
export function openSignals(world: Pick<World, "onSignal">): Signals {
	const seen: string[] = [];
	const waiting: (() => void)[] = [];
	const close = world.onSignal((signal) => {
		seen.push(signal);
		for (const wake of waiting.splice(0)) wake();
	});
	return {
		async nth(n) {
			while (seen.length < n) {
				await new Promise<void>((resolve) => waiting.push(resolve));
			}
			return seen[n - 1] ?? "";
		},
		close,
	};
}

const answers = (count: number) =>
	count === 1 ? "1 open answer" : `${count} open answers`;

const reportEveryMs = 10_000;
/** Cutting is quick; if not, the exit of the process does it. */
const cutMaxMs = 1_000;

type Timer = ReturnType<typeof setTimeout>;

/** Resolves with `value` after the time. Its timer is added to `timers`, for the caller to clear. */
function after<T>(ms: number, value: T, timers: Timer[]): Promise<T> {
	return new Promise((resolve) => {
		timers.push(setTimeout(() => resolve(value), ms));
	});
}

async function cut(gateway: Gateway, timers: Timer[]): Promise<void> {
	await Promise.race([gateway.stop(true), after(cutMaxMs, undefined, timers)]);
}

/** Waits for a signal and stops the gateway. Resolves with the exit code. */
export async function stopOnSignal(
	gateway: Gateway,
	signals: Signals,
	{ drainMs }: { readonly drainMs: number },
): Promise<number> {
	const log = getLogger(["tollway", "cli"]);
	const signal = await signals.nth(1);
	const open = gateway.pending();
	log.info(
		open === 0
			? `${signal}: stopping.`
			: `${signal}: no new calls; waiting up to ${Math.round(drainMs / 1000)} s for ${answers(open)}. Another signal cuts them.`,
	);
	const timers: Timer[] = [];
	const report = setInterval(
		() => log.info(`Still waiting for ${answers(gateway.pending())}.`),
		reportEveryMs,
	);
	try {
		const how = await Promise.race([
			gateway.stop(false).then(() => "ended" as const),
			after(drainMs, "late" as const, timers),
			signals.nth(2).then(() => "forced" as const),
		]);
		if (how === "ended") return exitCodes.ok;
		const left = gateway.pending();
		if (left > 0) log.warning(`${answers(left)} cut.`);
		await cut(gateway, timers);
		return how === "late" ? exitCodes.ok : exitCodes.failed;
	} finally {
		clearInterval(report);
		for (const timer of timers) clearTimeout(timer);
	}
}
