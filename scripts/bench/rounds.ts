import { say } from "../say.ts";
import type { Running } from "./gateways.ts";
import { type Load, openLoad } from "./load.ts";
import { type Measured, measure, toMedian } from "./measure.ts";
import type { Row } from "./report.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

export interface RoundsPace {
	readonly rounds: number;
	/** Once per load and gateway: on one core the compiler takes ten seconds to do its best. */
	readonly firstSeconds: number;
	/** Before each measurement. */
	readonly warmSeconds: number;
	readonly seconds: number;
}

export interface RoundsOptions {
	readonly folder: string;
	/** Of the load. */
	readonly core: number;
	readonly pace: RoundsPace;
}

/** Every load on every gateway; the medians of all rounds. */
export async function runRounds(
	running: readonly Running[],
	options: RoundsOptions,
): Promise<Row[]> {
	const rows: Row[] = [];
	for (const scenario of scenarios) {
		const load = await openLoad(scenario, options);
		for (const { url, isTollway } of running) {
			if (isTollway) await scenario.setUp?.(url);
		}
		say(`${scenario.name}: warming …`);
		for (const { url } of running) await load(url, options.pace.firstSeconds);
		const runs = await runScenario(running, load, {
			...options.pace,
			scenario,
		});
		for (const [at, { name }] of running.entries()) {
			const medians = toMedian(runs[at] ?? []);
			rows.push({ scenario: scenario.name, gateway: name, ...medians });
			const { cpuMicros, p50Micros } = medians;
			say(
				`${scenario.name}, ${name}: ${cpuMicros.toFixed(1)} µs CPU, p50 ${p50Micros.toFixed(0)} µs`,
			);
		}
	}
	return rows;
}

/** A, B, C, A, B, C …: what else the machine does falls on all alike. */
async function runScenario(
	running: readonly Running[],
	load: Load,
	pace: RoundsPace & { readonly scenario: Scenario },
): Promise<Measured[][]> {
	const runs: Measured[][] = running.map(() => []);
	for (let round = 1; round <= pace.rounds; round++)
		for (const [at, gateway] of running.entries())
			runs[at]?.push(
				await measure(gateway, load, {
					...pace,
					refused: gateway.isTollway && pace.scenario.refused === true,
				}),
			);
	return runs;
}

/** Before anything is measured: every gateway gives what the upstream gives, byte for byte. */
export async function checkReplies(
	running: readonly Running[],
	upstreamUrl: string,
) {
	for (const { path, body, name } of scenarios) {
		const wanted = await ask(upstreamUrl + path, body);
		for (const gateway of running)
			if ((await ask(gateway.url + path, body)) !== wanted)
				throw new Error(`${gateway.name} changed the reply of ${name}`);
	}
}

async function ask(url: string, body: Scenario["body"]) {
	const headers = { "content-type": "application/json" };
	const reply = await fetch(url, { method: "POST", body, headers });
	return reply.text();
}
