/** Runs a command of the page as a reader of it would, against the page's own port. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs, noticeMark } from "../needs.ts";
import { pageVariables } from "./seed-page.ts";

export const pagePort = 4000;
const patienceMs = 10_000;
const pollMs = 100;

/** Whether the page's commands can run here, at their own port. */
export const canRunPage = async (): Promise<boolean> =>
	needs.tool("bash") && needs.tool("curl") && (await isPortFree());

/** Another run of these tests may hold the port for a few seconds. */
async function isPortFree(): Promise<boolean> {
	const deadlineMs = performance.now() + patienceMs;
	while (performance.now() < deadlineMs) {
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(pagePort, "127.0.0.1", () => resolve(true));
		});
		if (free) {
			await new Promise((resolve) => server.close(resolve));
			return true;
		}
		await Bun.sleep(pollMs);
	}
	console.error(
		`${noticeMark}the seed page's commands: port ${pagePort} is taken`,
	);
	return false;
}

/** curl reads its own settings from here: the command stays as it is, and yet says how it went. */
function openCurlHome(): string {
	const home = mkdtempSync(join(tmpdir(), "tollway-curl-"));
	writeFileSync(
		join(home, ".curlrc"),
		'silent\nshow-error\nnoproxy = "*"\nwrite-out = "\\n%{http_code} %header{x-litellm-call-id}"\n',
	);
	return home;
}

export interface Outcome {
	readonly status: number;
	/** Empty where the gateway gave none. */
	readonly callId: string;
	readonly text: string;
	/** The same read as JSON; empty where it is none. */
	readonly reply: Record<string, unknown>;
}

export async function runCommand(
	command: string,
	key?: string,
): Promise<Outcome> {
	const curlHome = openCurlHome();
	const child = Bun.spawn({
		cmd: ["bash", "-c", command],
		env: {
			PATH: process.env.PATH,
			HOME: curlHome,
			CURL_HOME: curlHome,
			...pageVariables,
			...(key === undefined ? {} : { LITELLM_API_KEY: key }),
		},
		stdout: "pipe",
		stderr: "pipe",
		timeout: patienceMs,
	});
	const [stdout, stderr, exitCode] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	expect(stderr).toBe("");
	expect(exitCode).toBe(0);
	rmSync(curlHome, { recursive: true, force: true });
	const end = stdout.lastIndexOf("\n");
	const [status, callId = ""] = stdout.slice(end + 1).split(" ");
	const text = stdout.slice(0, end);
	const isJson = text.startsWith("{");
	return {
		status: Number(status),
		callId,
		text,
		reply: isJson ? JSON.parse(text) : {},
	};
}
