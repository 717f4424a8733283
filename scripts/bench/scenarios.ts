import { largeBody, smallBody, streamBody } from "./requests.ts";

/** A load: what is sent, over how many connections, what of it is held against the bare relay. */
export interface Scenario {
	name: string;
	body: string;
	connections: number;
	path: string;
	targets: readonly Target[];
}

/** The figure must not exceed `bare × factor + extra`. */
export interface Target {
	figure: "cpuMicros" | "p50Micros";
	factor: number;
	extra: number;
	text: string;
}

const path = "/v1/messages";

export const scenarios: readonly Scenario[] = [
	{
		name: "small call",
		body: smallBody,
		connections: 32,
		path,
		targets: [
			{ figure: "cpuMicros", factor: 1.4, extra: 0, text: "CPU ≤ 1.4 × bare" },
		],
	},
	{
		name: "250 KB body",
		body: largeBody,
		connections: 32,
		path,
		targets: [
			{
				figure: "cpuMicros",
				factor: 1,
				extra: 300,
				text: "CPU ≤ bare + 300 µs",
			},
		],
	},
	{
		name: "200 events",
		body: streamBody,
		connections: 32,
		path: `${path}?stream`,
		targets: [
			{ figure: "cpuMicros", factor: 1.3, extra: 0, text: "CPU ≤ 1.3 × bare" },
		],
	},
	{
		name: "one at a time",
		body: smallBody,
		connections: 1,
		path,
		targets: [
			{
				figure: "p50Micros",
				factor: 1,
				extra: 150,
				text: "p50 ≤ bare + 0.15 ms",
			},
		],
	},
];
