import type { Durability } from "./gateways.ts";
import { dearKey, makeKeys, makeMany, spentKey } from "./keys.ts";
import { largeBody, smallBody, streamBody } from "./requests.ts";

/** A load: what is sent, over how many connections, what of it is held against the bare relay. */
export interface Scenario {
	name: string;
	body: string;
	connections: number;
	path: string;
	/** What is sent as the gateway's key; default: something that is none. */
	key?: string;
	/** On every Tollway, before the load. */
	setUp?: (url: string) => Promise<void>;
	/** Every call is to be refused, by whoever knows the key. */
	refused?: true;
	targets: readonly Target[];
}

/** The figure must not exceed `bare × factor + extra`, or what the same gateway came to under another load. */
export interface Target {
	/** For a Tollway that commits like this. */
	durability: Durability;
	figure: "cpuMicros" | "p50Micros";
	factor: number;
	/** The load to which the factor is of the gateway's own figure, in times the bare relay; default: the bare relay's. */
	ownUnder?: string;
	extra: number;
	text: string;
	/** Means something only on a disk that is faster than this. */
	syncBelowMicros?: number;
}

const path = "/v1/messages";
const durabilities = ["interval", "always"] as const;

/** The same for both. */
const forEach = (target: Omit<Target, "durability">): Target[] =>
	durabilities.map((durability) => ({ durability, ...target }));

const cpuTimes = (factor: number) => ({
	figure: "cpuMicros" as const,
	factor,
	extra: 0,
	text: `CPU ≤ ${factor.toFixed(1)} × bare`,
});

const withKey = "with a key, budget, three limits";
/** Two runs of the very same differ by so much. */
const noise = 0.05;

const ofOwn = (factor: number, text: string) => ({
	...cpuTimes(factor),
	ownUnder: withKey,
	text,
});

export const scenarios: readonly Scenario[] = [
	{
		name: "small call",
		body: smallBody,
		connections: 32,
		path,
		targets: [
			{ durability: "interval", ...cpuTimes(2) },
			{ durability: "always", ...cpuTimes(2.3) },
		],
	},
	{
		name: "250 KB body",
		body: largeBody,
		connections: 32,
		path,
		targets: forEach({
			figure: "cpuMicros",
			factor: 1,
			extra: 400,
			text: "CPU ≤ bare + 400 µs",
		}),
	},
	{
		name: "200 events",
		body: streamBody,
		connections: 32,
		path: `${path}?stream`,
		targets: forEach(cpuTimes(1.6)),
	},
	{
		name: "one at a time",
		body: smallBody,
		connections: 1,
		path,
		targets: forEach({
			figure: "p50Micros",
			factor: 1,
			extra: 700,
			text: "p50 ≤ bare + 0.7 ms",
		}).map((target) =>
			target.durability === "always"
				? { ...target, syncBelowMicros: 500 }
				: target,
		),
	},
	{
		name: withKey,
		body: smallBody,
		connections: 32,
		path,
		key: dearKey,
		setUp: makeKeys,
		targets: [
			{ durability: "interval", ...cpuTimes(2.2) },
			{ durability: "always", ...cpuTimes(2.5) },
		],
	},
	{
		name: "refused: budget spent",
		body: smallBody,
		connections: 32,
		path,
		key: spentKey,
		refused: true,
		targets: forEach(ofOwn(1, "CPU less than a served call's")),
	},
	{
		name: "with a key of 10,000",
		body: smallBody,
		connections: 32,
		path,
		key: dearKey,
		setUp: makeMany,
		targets: forEach(ofOwn(1 + noise, "CPU as with one key")),
	},
];
