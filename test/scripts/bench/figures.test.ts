import { expect, test } from "bun:test";
import { type Measured, toMedian } from "../../../scripts/bench/measure.ts";
import { readTree } from "../../../scripts/bench/processes.ts";
import { judge, toTable } from "../../../scripts/bench/report.ts";
import { largeBody } from "../../../scripts/bench/requests.ts";
import { scenarios } from "../../../scripts/bench/scenarios.ts";

const measured = (cpuMicros: number, p50Micros = 100): Measured => ({
	cpuMicros,
	p50Micros,
	callsPerSecond: 1,
	p99Micros: 1,
	rssBytes: 1e6,
});

/** Rows in which the subject costs so much, the bare relay 100 µs. */
function rowsWith(subject: Measured) {
	return scenarios.flatMap(({ name }) => [
		{ scenario: name, gateway: "bare", ...measured(100) },
		{ scenario: name, gateway: "tollway", ...subject },
	]);
}

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

const verdicts: readonly [
	what: string,
	subject: Measured,
	passed: boolean[],
][] = [
	["at every limit", measured(130, 250), [true, true, true, true]],
	["small call too dear", measured(141), [false, true, false, true]],
	["stream too dear", measured(131), [true, true, false, true]],
	["large body too dear", measured(401), [false, false, false, true]],
	["too slow alone", measured(100, 251), [true, true, true, false]],
];

test.each(verdicts)("targets: %s", (_, subject, passed) => {
	expect(
		judge(rowsWith(subject), scenarios, "tollway").map(
			(verdict) => verdict.passed,
		),
	).toEqual(passed);
});

test("a figure that is missing passes no target", () => {
	expect(judge([], scenarios, "tollway").some(({ passed }) => passed)).toBe(
		false,
	);
});

test("the table has a line per row, columns aligned", () => {
	const lines = toTable(rowsWith(measured(100))).split("\n");
	expect(lines).toHaveLength(1 + 2 * scenarios.length);
	expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});

test("the large body is JSON of 250,000 bytes", () => {
	expect(Buffer.byteLength(largeBody)).toBe(250_000);
	expect(JSON.parse(largeBody).messages.length).toBeGreaterThan(50);
});
