import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";

const patienceMs = 10_000;
const onPosix = test.skipIf(process.platform === "win32");
const onLinux = test.skipIf(process.platform !== "linux");
const bun = process.execPath;
const parent = join(import.meta.dir, "foreground-parent.ts");
const started: { kill(signal?: NodeJS.Signals): void }[] = [];

afterEach(() => {
	for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A running command, and what it has printed so far. */
function start(cmd: string[], env: Record<string, string> = {}) {
	const child = Bun.spawn(cmd, {
		env: { PATH: process.env.PATH, ...env },
		stdio: ["ignore", "pipe", "inherit"],
	});
	started.push(child);
	const printed = { text: "" };
	const reading = (async () => {
		const decoder = new TextDecoder();
		for await (const bytes of child.stdout)
			printed.text += decoder.decode(bytes, { stream: true });
	})();
	return {
		child,
		printed,
		ended: Promise.all([child.exited, reading]).then(([code]) => code),
	};
}

async function waitFor(condition: () => boolean, what: string) {
	const deadlineMs = performance.now() + patienceMs;
	while (!condition()) {
		if (performance.now() > deadlineMs)
			throw new Error(`waited in vain for ${what}`);
		await Bun.sleep(10);
	}
}

const isAlive = (pid: number) => {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
};

onPosix(
	"arguments go in, the exit code comes out, a doubled signal arrives once",
	async () => {
		const { child, printed, ended } = start([
			bun,
			parent,
			"--port",
			"4001",
			"a b",
		]);
		await waitFor(() => printed.text.includes("ready"), "the child");
		child.kill("SIGINT");
		child.kill("SIGINT");
		await waitFor(() => printed.text.includes("SIGINT"), "the signal");
		child.kill("SIGTERM");
		expect(await ended).toBe(7);
		expect(printed.text).toMatch(
			/^ready \d+ --port\|4001\|a b\nSIGINT 1\nSIGTERM\n$/,
		);
	},
);

onPosix("a second Ctrl-C, a while later, arrives too", async () => {
	const { child, printed, ended } = start([bun, parent]);
	await waitFor(() => printed.text.includes("ready"), "the child");
	child.kill("SIGINT");
	await waitFor(() => printed.text.includes("SIGINT 1"), "the first");
	await Bun.sleep(1_000); // far longer than an echo takes, on a busy machine too
	child.kill("SIGINT");
	expect(await ended).toBe(7);
	expect(printed.text).toContain("SIGINT 2");
});

onPosix("the terminal going away is a SIGTERM", async () => {
	const { child, printed, ended } = start([bun, parent]);
	await waitFor(() => printed.text.includes("ready"), "the child");
	child.kill("SIGHUP");
	expect(await ended).toBe(7);
	expect(printed.text).toContain("SIGTERM");
});

onLinux("when npx and its shell die, the child is told", async () => {
	// npx → sh → bun run → start.ts: a shell that stays in between, as Debian's does
	const line = `${bun} ${parent}; exit $?`;
	const { child, printed } = start(["sh", "-c", `sh -c '${line}'; exit $?`], {
		npm_config_user_agent: "npm/11.0.0",
	});
	await waitFor(() => printed.text.includes("ready"), "the child");
	const pid = Number(/ready (\d+)/.exec(printed.text)?.[1]);
	child.kill("SIGKILL");
	await waitFor(() => printed.text.includes("SIGTERM"), "SIGTERM");
	await waitFor(() => !isAlive(pid), "its end");
});

onLinux(
	"when the parent is killed, the child does not stay behind",
	async () => {
		const { child, printed } = start([bun, parent]);
		await waitFor(() => printed.text.includes("ready"), "the child");
		const pid = Number(/ready (\d+)/.exec(printed.text)?.[1]);
		child.kill("SIGKILL");
		await waitFor(() => !isAlive(pid), "its end");
	},
);
