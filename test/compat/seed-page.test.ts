/** What people have in their notes and scripts for LiteLLM runs as it stands, host and port included. */
import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs, noticeMark } from "../needs.ts";
import { openRig, type Rig, upstreamKey } from "../rig.ts";
import {
	metadataRequest,
	type PageRequest,
	pageKeys,
	pageRequests,
	pageVariables,
} from "./seed-page.ts";

const port = 4000;
const patienceMs = 10_000;
const pollMs = 100;

const runnable =
	needs.tool("bash") && needs.tool("curl") && (await isPortFree());

/** Another run of these tests may hold the port for a few seconds. */
async function isPortFree(): Promise<boolean> {
	const deadlineMs = performance.now() + patienceMs;
	while (performance.now() < deadlineMs) {
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => resolve(true));
		});
		if (free) {
			await new Promise((resolve) => server.close(resolve));
			return true;
		}
		await Bun.sleep(pollMs);
	}
	console.error(`${noticeMark}the seed page's commands: port ${port} is taken`);
	return false;
}

/** curl reads its own settings from here: the command stays as it is, and yet says how it went. */
const curlHome = mkdtempSync(join(tmpdir(), "tollway-curl-"));
writeFileSync(
	join(curlHome, ".curlrc"),
	'silent\nshow-error\nnoproxy = "*"\nwrite-out = "\\n%{http_code}"\n',
);
afterAll(() => rmSync(curlHome, { recursive: true, force: true }));

interface Outcome {
	readonly status: number;
	readonly reply: Record<string, unknown>;
}

async function runCommand(command: string, key?: string): Promise<Outcome> {
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
	const end = stdout.lastIndexOf("\n");
	return {
		status: Number(stdout.slice(end)),
		reply: JSON.parse(stdout.slice(0, end)),
	};
}

/** What curl sends of it. */
function toBody(command: string): string {
	return /--data (?:\\\n)?'(.*)'$/s.exec(command)?.[1] ?? "";
}

const shapes: Readonly<Record<string, object>> = {
	"/v1/messages": { type: "message", model: "claude-3-5-sonnet-20241022" },
	"/v1/messages/count_tokens": { input_tokens: expect.any(Number) },
	"/v1/messages/batches": {
		type: "message_batch",
		processing_status: "in_progress",
		request_counts: expect.objectContaining({ processing: 2 }),
	},
};

/** In front of the simulator at the page's own port, for the tests of one block. */
function useRig(env: Readonly<Record<string, string>>) {
	let rig: Rig | undefined;
	beforeAll(async () => {
		if (!runnable) return;
		rig = await openRig({
			env: { ...pageVariables, ...env, PORT: String(port) },
		});
	});
	afterAll(() => rig?.stop());
	beforeEach(() => rig?.simulator.record.clear());
	return () => {
		if (!rig) throw new Error("the gateway does not run");
		return rig.simulator.record.all();
	};
}

type Received = ReturnType<typeof useRig>;

async function expectAnswered(
	request: PageRequest,
	received: Received,
	key?: string,
) {
	const { status, reply } = await runCommand(request.command, key);
	expect(reply).toMatchObject(shapes[request.path] ?? {});
	expect(status).toBe(200);
	const [exchange, ...more] = received();
	expect(more).toEqual([]);
	expect(exchange?.received.method).toBe("POST");
	expect(exchange?.received.target).toBe(request.path);
	const { bytes } = exchange?.received.body ?? { bytes: new Uint8Array() };
	expect(new TextDecoder().decode(bytes)).toBe(toBody(request.command));
	const headers = exchange?.received.rawHeaders ?? [];
	expect(headers).toContain(upstreamKey);
	// Three of the commands leave the version out, and upstream wants one.
	expect(headers).toContain("2023-06-01");
	expect(headers.join("\n")).not.toMatch(/authorization/i);
	for (const own of Object.values(pageKeys)) {
		expect(headers.join("\n")).not.toContain(own);
	}
}

describe.skipIf(!runnable)("open mode", () => {
	const received = useRig({});

	test.each(pageRequests)("$title", (request) =>
		expectAnswered(request, received, pageKeys.environment),
	);

	test.each(pageRequests.filter(({ key }) => key === "environment"))(
		"$title, its variable not set",
		(request) => expectAnswered(request, received),
	);

	test("litellm_metadata as the page has it: the comment is no JSON, and the answer says so", async () => {
		const { status, reply } = await runCommand(metadataRequest.command);
		expect(status).toBe(400);
		expect(reply).toMatchObject({
			type: "error",
			error: {
				type: "invalid_request_error",
				message: expect.stringContaining("not valid JSON"),
			},
		});
		expect(received()).toEqual([]);
	});

	test("litellm_metadata without the comment: it stays here, all else crosses", async () => {
		const command = metadataRequest.command.replace(/ # track.*/, "");
		const { status, reply } = await runCommand(command);
		expect(reply).toMatchObject(shapes[metadataRequest.path] ?? {});
		expect(status).toBe(200);
		const { bytes } = received()[0]?.received.body ?? {};
		expect(new TextDecoder().decode(bytes)).toBe(
			toBody(command).replace(/,\s*"litellm_metadata".*\}(?=\s*\}$)/s, ""),
		);
	});
});

// One gateway per key that a command carries: before there are virtual keys, a caller's key is the master key.
describe.each(["anything", "environment", "virtual"] as const)(
	"master key %s",
	(name) => {
		const key = pageKeys[name];
		const received = useRig({ LITELLM_MASTER_KEY: key });

		test
			.skipIf(!runnable)
			.each(pageRequests.filter((request) => request.key === name))(
			"$title",
			(request) => expectAnswered(request, received, key),
		);

		test
			.skipIf(!runnable)
			.each(pageRequests.filter((request) => request.key !== name))(
			"$title, with another key",
			async ({ command }) => {
				const { status, reply } = await runCommand(command, "sk-other");
				expect(status).toBe(401);
				expect(reply).toMatchObject({
					error: { type: "authentication_error" },
				});
				expect(received()).toEqual([]);
			},
		);
	},
);

describe.skipIf(!runnable)("the page's empty ANTHROPIC_API_KEY", () => {
	const received = useRig({ ANTHROPIC_API_KEY: "" });

	test("the answer names what is missing", async () => {
		const [request] = pageRequests;
		const { status, reply } = await runCommand(request?.command ?? "");
		expect(status).toBe(401);
		expect(JSON.stringify(reply)).toContain("ANTHROPIC_API_KEY");
		expect(received()).toEqual([]);
	});
});
