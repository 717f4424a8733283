import { expect, test } from "bun:test";
import { until } from "./fake-world.ts";

const script = new URL("printing-process.ts", import.meta.url).pathname;

function start(...args: string[]) {
	return Bun.spawn([process.execPath, script, ...args], {
		stdin: "ignore",
		stdout: "pipe",
		stderr: "pipe",
	});
}

async function readLines(child: { readonly stdout: ReadableStream }) {
	const text = await new Response(child.stdout).text();
	return text
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
}

test("a normal exit loses no line", async () => {
	const child = start("10000");
	const lines = await readLines(child);
	expect(await child.exited).toBe(0);
	expect(lines.map(({ path }) => path)).toEqual(
		Array.from({ length: 10_000 }, (_, at) => `/${at}`),
	);
});

test("what is too much for a reader that has stopped is dropped, and counted exactly", async () => {
	const child = Bun.spawn(
		[
			"sh",
			"-c",
			// It goes on within the time that the end of the process waits for it.
			`"$0" "$1" 60000 | { sleep 0.5; cat; }`,
			process.execPath,
			script,
		],
		{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
	);
	const lines = await readLines(child);
	const lost = lines.filter(({ event }) => event === "lines_lost");
	expect(lost).toHaveLength(1);
	expect(lost[0].lines + lines.length - 1).toBe(60_000);
});

test("a reader that goes away does not take the process with it", async () => {
	const child = Bun.spawn(
		[
			"sh",
			"-c",
			`{ "$0" "$1" 200 slow; echo "ended $?" >&2; } | head -n 1`,
			process.execPath,
			script,
		],
		{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
	);
	expect(await new Response(child.stdout).text()).toContain('"path":"/0"');
	// An EPIPE that nobody caught would be printed here.
	expect(await new Response(child.stderr).text()).toBe("ended 0\n");
});

test("a reader that stalls does not hold up the exit", async () => {
	const child = Bun.spawn(
		[
			"sh",
			"-c",
			`{ "$0" "$1" 60000; echo "ended $?" >&2; } | sleep 3`,
			process.execPath,
			script,
		],
		{ stdin: "ignore", stdout: "ignore", stderr: "pipe" },
	);
	const startedMs = performance.now();
	// Two seconds are given to the reader; a pipe that blocked would end with it, at three.
	let text = "";
	for await (const chunk of child.stderr) {
		text += new TextDecoder().decode(chunk);
		if (text.includes("ended")) break;
	}
	expect(text).toBe("ended 0\n");
	expect(performance.now() - startedMs).toBeLessThan(2_900);
	await child.exited;
});

test.skipIf(process.platform === "win32")(
	"signals arrive by name",
	async () => {
		const child = start("0", "wait");
		let text = "";
		const reading = (async () => {
			const decoder = new TextDecoder();
			for await (const chunk of child.stderr) text += decoder.decode(chunk);
		})();
		await until(() => text.includes("limit "), "the process");
		expect(Number(/limit (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
		child.kill("SIGTERM");
		expect(await child.exited).toBe(0);
		await reading;
		expect(text).toContain("SIGTERM\n");
	},
);
