import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../scripts/project.ts";

const folder = mkdtempSync(join(tmpdir(), "tollway-start-"));
const started: Bun.Subprocess[] = [];

afterAll(() => {
	for (const child of started) child.kill("SIGKILL"); // the gateway goes with it
	rmSync(folder, { recursive: true });
});

function start(...args: string[]) {
	const child = Bun.spawn([process.execPath, "run", "start", ...args], {
		cwd: projectRoot,
		env: {
			PATH: `${join(projectRoot, "node_modules", ".bin")}:${process.env.PATH}`,
			HOME: folder,
			TOLLWAY_DATA_DIR: folder,
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	started.push(child);
	return child;
}

test("`bun start` is the gateway: arguments in, big headers taken, SIGTERM heard, exit code out", async () => {
	const child = start("--port", "0");
	const decoder = new TextDecoder();
	let text = "";
	for await (const bytes of child.stdout) {
		text += decoder.decode(bytes, { stream: true });
		const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
		if (!url) continue;
		const reply = await fetch(`${url}/healthz`, {
			headers: { "x-big": "x".repeat(48 * 1024) },
		});
		child.kill("SIGTERM");
		expect(reply.status).toBe(200);
		break;
	}
	expect(await child.exited).toBe(0);
});

test("a usage error's exit code comes through, and nothing is said but the error", async () => {
	const child = start("--no-such-option");
	const stderr = await new Response(child.stderr).text();
	expect(await child.exited).toBe(2);
	expect(stderr.trim().split("\n")).toEqual([
		expect.stringContaining("--no-such-option"),
	]);
});
