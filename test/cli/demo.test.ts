import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { runProgram } from "../../src/cli/program.ts";
import type { DemoCall, World } from "../../src/cli/world.ts";
import {
	type FakeOptions,
	type FakeWorld,
	openFakeWorld,
	until,
} from "./fake-world.ts";
import { plainCall } from "./plain-call.ts";

const headers = { "content-type": "application/json" };
const demoCalls: DemoCall[] = [
	{
		title: "A message",
		method: "POST",
		path: "/anthropic/v1/messages",
		headers,
		body: '{"a":1}',
	},
	{
		title: "A stream",
		method: "POST",
		path: "/v1/messages?beta=true",
		headers,
		body: "stream",
	},
	{
		title: "No such thing",
		method: "GET",
		path: "/v1/nothing",
		headers: {},
		body: null,
		expectStatus: 404,
	},
];

const usage = {
	input_tokens: 1_200,
	output_tokens: 34,
	cache_read_input_tokens: 1_024,
};
const start = {
	type: "message_start",
	message: { model: "claude-haiku-4-5", usage },
};

async function answer(request: Request): Promise<Response> {
	const body = await request.text();
	if (request.url.endsWith("/nothing")) {
		return Response.json(
			{ error: { type: "not_found_error" } },
			{ status: 404 },
		);
	}
	if (body !== "stream")
		return Response.json({ model: "claude-sonnet-5-5", usage });
	return new Response(`data: ${JSON.stringify(start)}\n\n`, {
		headers: { "content-type": "text/event-stream" },
	});
}

interface Stage {
	world: FakeWorld;
	/** In the order of their end. */
	ended: string[];
	dataDirs: string[];
}

const servers: ReturnType<typeof Bun.serve>[] = [];
afterEach(async () => {
	await Promise.all(servers.splice(0).map((server) => server.stop(true)));
});

/** The gateway is a server that answers itself; the simulator only counts as open. */
function openStage(options: FakeOptions = {}): Stage {
	const ended: string[] = [];
	const dataDirs: string[] = [];
	const serve: World["serve"] = async (config, hooks) => {
		dataDirs.push(config.dataDir);
		world.served.push({ config, hooks });
		const server = Bun.serve({
			hostname: config.host,
			port: config.port,
			fetch(request) {
				hooks.onCall({ ...plainCall, path: "/by/table" });
				return answer(request);
			},
		});
		servers.push(server);
		return {
			url: `http://127.0.0.1:${server.port}`,
			pending: () => 0,
			async stop() {
				await server.stop(true);
				ended.push("gateway");
			},
		};
	};
	const openSimulator: World["openSimulator"] = async () => ({
		url: "http://127.0.0.1:9",
		close: async () => void ended.push("simulator"),
	});
	const world = openFakeWorld({ demoCalls, serve, openSimulator, ...options });
	return { world, ended, dataDirs };
}

describe("in a pipe", () => {
	test("every call has its row; all is gone afterwards; exit 0", async () => {
		const { world, ended, dataDirs } = openStage();
		expect(await runProgram(["demo"], world)).toBe(0);
		const rows = world.stdout.text().replace(/ +/g, " ");
		expect(rows).toMatch(
			/✓ A message 200 \d+ms claude-sonnet-5-5 in 1,200 out 34 cached 1,024 POST \/anthropic\/v1\/messages\n/,
		);
		expect(rows).toMatch(
			/✓ A stream 200 \d+ms claude-haiku-4-5 in 1,200 out 34 cached 1,024 POST \/v1\/messages\n/,
		);
		expect(rows).toMatch(
			/✓ No such thing 404 \d+ms not_found_error GET \/v1\/nothing\n/,
		);
		expect(rows).toContain("All 3 calls went through");
		expect(rows).toContain("--keep");
		expect(ended).toEqual(["gateway", "simulator"]);
		expect(dataDirs).toHaveLength(1);
		expect(existsSync(dataDirs[0] ?? "")).toBe(false);
	});

	test("nothing of the environment reaches it", async () => {
		const { world } = openStage({
			env: {
				DATABASE_URL: "/precious.db",
				ANTHROPIC_API_KEY: "sk-ant-api03-abcdefghijklmnopWxyz",
				ANTHROPIC_BASE_URL: "https://gw.example",
				TOLLWAY_MASTER_KEY: "sk-0123456789abcdef0123",
				TOLLWAY_NONSENSE: "1",
				STATE_DIRECTORY: "/var/lib/precious",
				PORT: "4000",
			},
		});
		expect(await runProgram(["demo"], world)).toBe(0);
		const config = world.served[0]?.config;
		expect(config).toMatchObject({
			host: "127.0.0.1",
			port: 0,
			masterKey: null,
		});
		expect(config?.upstream.url).toBe("http://127.0.0.1:9");
		const text = Bun.inspect(config, { depth: 9 });
		expect(text).not.toContain("precious");
		expect(text).not.toContain("Wxyz");
	});

	test("a call that goes wrong is marked: exit 1", async () => {
		const wrong = { ...(demoCalls[0] as DemoCall), expectStatus: 201 };
		const { world } = openStage({ demoCalls: [...demoCalls, wrong] });
		expect(await runProgram(["demo"], world)).toBe(1);
		expect(world.stdout.text()).toContain("✗ A message");
		expect(world.stdout.text()).toContain(
			"1 of 4 calls did not go as they should.",
		);
	});

	test("a gateway that does not start leaves nothing behind", async () => {
		const { world, ended, dataDirs } = openStage();
		const failing = {
			...world,
			serve: () => Promise.reject(new Error("no port")),
		};
		expect(await runProgram(["demo"], failing)).toBe(1);
		expect(world.stderr.text()).toBe(
			"tollway: the demo could not start: no port\n",
		);
		expect(ended).toEqual(["simulator"]);
		expect(dataDirs).toEqual([]);
	});
});

test.each([
	[200, true, true],
	[95, true, false],
	[75, false, false],
])("%d columns: model %p, route %p", async (columns, model, route) => {
	const env = { NO_COLOR: "1" };
	const { world } = openStage({ isTty: true, columns, env });
	const code = runProgram(["demo"], world);
	await until(
		() => world.stdout.text().includes("Ctrl-C ends"),
		"the invitation",
	);
	const rows = world.stdout
		.text()
		.split("\n")
		.filter((line) => line.startsWith("  ✓"));
	expect(rows).toHaveLength(demoCalls.length);
	for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
	expect(rows[0]?.includes("claude-")).toBe(model);
	for (const row of rows) expect(/ (GET|POST) \//.test(row)).toBe(route);
	world.signal("SIGINT");
	expect(await code).toBe(0);
});

describe("on a terminal, or with --keep", () => {
	test.each([
		[["demo"], { isTty: true, columns: 120, env: { NO_COLOR: "1" } }],
		[["demo", "--keep"], {}],
	])(
		"%j stays until a signal and shows what comes by hand",
		async (argv, options) => {
			const { world, ended } = openStage(options);
			const code = runProgram(argv, world);
			await until(
				() => world.stdout.text().includes("Ctrl-C ends"),
				"the invitation",
			);
			const port = servers[0]?.port;
			expect(world.stdout.text()).toContain(
				`export ANTHROPIC_BASE_URL=http://127.0.0.1:${port}/anthropic ANTHROPIC_AUTH_TOKEN=anything`,
			);
			expect(world.stdout.text()).toContain(
				`curl http://127.0.0.1:${port}/anthropic/v1/messages`,
			);
			expect(ended).toEqual([]);
			world.served[0]?.hooks.onCall({ ...plainCall, path: "/by/hand" });
			world.signal("SIGINT");
			expect(await code).toBe(0);
			expect(world.stdout.text()).toContain("/by/hand");
			// The table's own calls have their rows.
			expect(world.stdout.text()).not.toContain("/by/table");
			expect(ended).toEqual(["gateway", "simulator"]);
		},
	);
});
