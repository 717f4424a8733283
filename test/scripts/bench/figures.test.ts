import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureSync } from "../../../scripts/bench/disk.ts";
import type { Loop } from "../../../scripts/bench/event-loop.ts";
import { type Measured, toMedian } from "../../../scripts/bench/measure.ts";
import { readTree } from "../../../scripts/bench/processes.ts";
import {
	judge,
	type Results,
	toFacts,
	toSentence,
	toTable,
} from "../../../scripts/bench/report.ts";
import { largeBody } from "../../../scripts/bench/requests.ts";
import { scenarios } from "../../../scripts/bench/scenarios.ts";

const measured = (cpuMicros: number, p50Micros = 100): Measured => ({
	cpuMicros,
	p50Micros,
	callsPerSecond: 1,
	p99Micros: 1,
	rssBytes: 1e6,
});

const contestants = [
	{ name: "bare" },
	{ name: "tollway interval", durability: "interval" },
	{ name: "tollway always", durability: "always" },
	{ name: "nginx" },
] as const;

const toLoop = (gateway: string, blockedMicros: number): Loop => ({
	gateway,
	probes: 10,
	p50Micros: 100,
	p99Micros: 200,
	longestMicros: blockedMicros + 5_000,
	blockedMicros,
});

/** A run in which both Tollways cost so much, the bare relay 100 µs. */
const toResults = (
	subject: Measured,
	{ blockedMicros = 9_000, bytesPerEntry = 800, syncMicros = 200 } = {},
): Results => ({
	rows: scenarios.flatMap(({ name }) =>
		contestants.map(({ name: gateway }) => ({
			scenario: name,
			gateway,
			...(gateway.startsWith("tollway") ? subject : measured(100)),
		})),
	),
	loops: contestants.map(({ name }) => toLoop(name, blockedMicros)),
	ledger: { entries: 1_000_000, bytes: 1, bytesPerEntry, tables: {} },
	syncMicros,
});

test.skipIf(process.platform !== "linux")(
	"the tree's time has that of children, living and ended",
	async () => {
		const burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
		const child = Bun.spawn(
			[
				"sh",
				"-c",
				`sh -c '${burn}'; echo done; sh -c '${burn}; echo done; read x'; true`,
			],
			{
				stdio: ["pipe", "pipe", "inherit"],
			},
		);
		const reader = child.stdout.getReader();
		await reader.read();
		const ended = readTree(child.pid);
		await reader.read();
		const living = readTree(child.pid);
		child.kill("SIGKILL");
		expect(ended.cpuMicros).toBeGreaterThan(30_000);
		expect(living.cpuMicros).toBeGreaterThan(ended.cpuMicros * 1.5);
		expect(living.rssBytes).toBeGreaterThan(500_000);
	},
);

test("the median of odd and even counts", () => {
	expect(toMedian([5, 1, 9].map((cpu) => measured(cpu))).cpuMicros).toBe(5);
	expect(toMedian([5, 1, 9, 6].map((cpu) => measured(cpu))).cpuMicros).toBe(
		5.5,
	);
});

/** What fails, as `load, durability`. */
const toMissed = (results: Results) =>
	judge(results, scenarios, contestants)
		.filter(({ passed }) => passed === false)
		.map(({ what, gateway }) => `${what}, ${gateway.replace("tollway ", "")}`);

const both = (what: string) => [`${what}, interval`, `${what}, always`];

const missed: readonly [
	what: string,
	subject: Measured,
	stood: Parameters<typeof toResults>[1],
	missed: string[],
][] = [
	["at every limit", measured(160, 800), {}, []],
	["a stream too dear", measured(161), {}, both("200 events")],
	[
		"a small call too dear",
		measured(201),
		{},
		["small call, interval", ...both("200 events")],
	],
	[
		"a small call too dear, synced",
		measured(231),
		{},
		[
			...both("small call"),
			...both("200 events"),
			"with a key, budget, three limits, interval",
		],
	],
	[
		"a large body too dear",
		measured(501),
		{},
		[
			...both("small call"),
			...both("250 KB body"),
			...both("200 events"),
			...both("with a key, budget, three limits"),
		],
	],
	["too slow alone", measured(100, 801), {}, both("one at a time")],
	[
		"too slow alone, on a slow disk",
		measured(100, 801),
		{ syncMicros: 500 },
		["one at a time, interval"],
	],
	[
		"an event loop that is blocked",
		measured(100),
		{ blockedMicros: 10_001 },
		both("1,000 calls/s"),
	],
	[
		"too large a ledger",
		measured(100),
		{ bytesPerEntry: 901 },
		["1,000,000 Entries, the ledger"],
	],
];

test.each(missed)("targets: %s", (_, subject, stood, expected) => {
	expect(toMissed(toResults(subject, stood))).toEqual(expected);
});

test("only Tollway is judged, each by its own targets", () => {
	const verdicts = judge(toResults(measured(100)), scenarios, contestants);
	const judged = new Set(verdicts.map(({ gateway }) => gateway));
	expect([...judged].toSorted()).toEqual([
		"the ledger",
		"tollway always",
		"tollway interval",
	]);
	expect(verdicts).toHaveLength(2 * (scenarios.length + 1) + 1);
});

test("a figure that is missing passes no target", () => {
	const none = { rows: [], loops: [], syncMicros: 1 };
	const ledger = { ...toResults(measured(1)).ledger, bytesPerEntry: NaN };
	const verdicts = judge({ ...none, ledger }, scenarios, contestants);
	expect(verdicts.every(({ passed }) => passed === false)).toBe(true);
});

test("what was not judged says so, what failed too", () => {
	const results = toResults(measured(100, 900), { syncMicros: 600 });
	const text = judge(results, scenarios, contestants).map(toSentence);
	expect(text).toContain(
		"skip  one at a time, tollway always: p50 ≤ bare + 0.7 ms (900.0 µs of 800.0)",
	);
	expect(text).toContain(
		"MISS  one at a time, tollway interval: p50 ≤ bare + 0.7 ms (900.0 µs of 800.0)",
	);
	expect(text).toContain(
		"pass  1,000,000 Entries, the ledger: bytes per Entry ≤ 900 (800.0 bytes of 900.0)",
	);
});

test("the table has a line per row, columns aligned", () => {
	const { rows } = toResults(measured(100));
	const lines = toTable(rows).split("\n");
	expect(lines).toHaveLength(1 + contestants.length * scenarios.length);
	expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});

test("the facts name the ledger, the disk and every loop", () => {
	const facts = toFacts(toResults(measured(100))).join("\n");
	expect(facts).toContain("1,000,000 Entries, 800 bytes each");
	expect(facts).toContain("0.20 ms to write and sync");
	for (const { name } of contestants) expect(facts).toContain(`${name} at`);
});

test("a disk takes some time to sync, and nothing is left on it", () => {
	const folder = mkdtempSync(join(tmpdir(), "tollway-sync-"));
	expect(measureSync(folder)).toBeGreaterThan(0);
	expect(readdirSync(folder)).toEqual([]);
	rmSync(folder, { recursive: true });
});

test("the large body is JSON of 250,000 bytes", () => {
	expect(Buffer.byteLength(largeBody)).toBe(250_000);
	expect(JSON.parse(largeBody).messages.length).toBeGreaterThan(50);
});
