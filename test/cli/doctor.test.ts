import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { type FakeOptions, openFakeWorld } from "./fake-world.ts";
import { realKey } from "./loading.ts";

interface Row {
	check: string;
	status: string;
	message: string;
}

type Server = ReturnType<typeof Bun.serve>;

const servers: Server[] = [];
let folder = "";

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tollway-doctor-"));
	chmodSync(folder, 0o700);
});

afterEach(async () => {
	rmSync(folder, { recursive: true, force: true });
	await Promise.all(servers.splice(0).map((server) => server.stop(true)));
});

function listen(
	answer: (request: Request) => Response | Promise<Response>,
): Server {
	const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
	servers.push(server);
	return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${server.port}`;

async function examine(env: Record<string, string>, options: FakeOptions = {}) {
	const world = openFakeWorld({
		env: { PORT: "0", TOLLWAY_DATA_DIR: folder, ...env },
		clock: { now: () => Date.now(), monotonic: () => performance.now() },
		...options,
	});
	const code = await runProgram(["doctor", "--json"], world);
	const rows: Row[] = world.stdout
		.text()
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	const row = (check: string) => rows.find((one) => one.check === check);
	return { code, rows, row, text: world.stdout.text() };
}

describe("upstream", () => {
	test("reachable, key accepted, clock right: exit 0, one free request", async () => {
		const seen: string[] = [];
		const upstream = listen((request) => {
			const { pathname, search } = new URL(request.url);
			seen.push(
				`${request.method} ${pathname}${search} ${request.headers.get("x-api-key")}`,
			);
			return Response.json({ data: [] });
		});
		const { code, row, rows, text } = await examine({
			TOLLWAY_UPSTREAM_URL: urlOf(upstream),
			TOLLWAY_UPSTREAM_KEY: realKey,
		});
		expect(code).toBe(0);
		expect(seen).toEqual([`GET /v1/models?limit=1 ${realKey}`]);
		expect(row("upstream")?.status).toBe("ok");
		expect(row("upstream key")).toMatchObject({
			status: "ok",
			message: "sk-ant-…Wxyz from TOLLWAY_UPSTREAM_KEY is accepted",
		});
		expect(row("clock")?.status).toBe("ok");
		expect(rows.map(({ status }) => status)).not.toContain("failed");
		expect(text).not.toContain(realKey);
	});

	test.each([
		[401, "ok", "failed", 1],
		[403, "ok", "failed", 1],
		[429, "warning", "warning", 0],
		[500, "warning", "warning", 0],
		[302, "warning", "warning", 0],
	])(
		"status %d: upstream %s, key %s, exit %d",
		async (status, reach, key, exit) => {
			const headers = { location: "http://127.0.0.1:1/elsewhere" };
			const upstream = listen(() => new Response("{}", { status, headers }));
			const { code, row } = await examine({
				TOLLWAY_UPSTREAM_URL: urlOf(upstream),
				TOLLWAY_UPSTREAM_KEY: realKey,
			});
			expect(row("upstream")?.status).toBe(reach);
			expect(row("upstream key")?.status).toBe(key);
			expect(code).toBe(exit);
		},
	);

	test("no key is a warning", async () => {
		const upstream = listen(() => new Response("{}", { status: 401 }));
		const { code, row } = await examine({
			TOLLWAY_UPSTREAM_URL: urlOf(upstream),
		});
		expect(row("upstream")?.status).toBe("ok");
		expect(row("upstream key")?.status).toBe("warning");
		expect(row("upstream key")?.message).toContain("ANTHROPIC_API_KEY");
		expect(code).toBe(0);
	});

	test("nothing listens: exit 1, the rest is skipped", async () => {
		const upstream = listen(() => new Response());
		const url = urlOf(upstream);
		await upstream.stop(true);
		const { code, row } = await examine({ TOLLWAY_UPSTREAM_URL: url });
		expect(code).toBe(1);
		expect(row("upstream")).toMatchObject({
			status: "failed",
			message: `${url} is not reached: nothing listens there`,
		});
		expect(row("clock")?.status).toBe("skipped");
	});

	test("a wrong clock is told, with its direction", async () => {
		const upstream = listen(() => new Response("{}"));
		const { row } = await examine(
			{ TOLLWAY_UPSTREAM_URL: urlOf(upstream) },
			{
				clock: {
					now: () => Date.now() - 600_000,
					monotonic: () => performance.now(),
				},
			},
		);
		expect(row("clock")?.status).toBe("warning");
		expect(row("clock")?.message).toMatch(
			/^(10m0\ds|9m5\ds) behind upstream's/,
		);
	});
});

describe("this machine", () => {
	let upstreamUrl = "";
	beforeEach(() => {
		upstreamUrl = urlOf(listen(() => new Response("{}")));
	});
	const on = (env: Record<string, string>, options: FakeOptions = {}) =>
		examine({ TOLLWAY_UPSTREAM_URL: upstreamUrl, ...env }, options);

	test("a free port", async () => {
		const server = listen(() => new Response());
		const { port } = server;
		await server.stop(true);
		const { row } = await on({ PORT: String(port) });
		expect(row("port")).toMatchObject({
			status: "ok",
			message: `127.0.0.1:${port} is free`,
		});
	});

	test("a port that somebody else has", async () => {
		const { port } = listen(() => new Response("no", { status: 404 }));
		const { row, code } = await on({ PORT: String(port) });
		expect(row("port")).toMatchObject({
			status: "failed",
			message: `${port} is in use. Try PORT=${Number(port) + 1}.`,
		});
		expect(code).toBe(1);
	});

	test("a port that a running gateway has", async () => {
		const { port } = listen((request) =>
			new URL(request.url).pathname === "/healthz"
				? new Response("ok")
				: new Response(null, { status: 404 }),
		);
		const { row } = await on({ PORT: String(port) });
		expect(row("port")).toMatchObject({
			status: "ok",
			message: `127.0.0.1:${port} is served by a running gateway`,
		});
	});

	test("a private data folder, an open one, one to be created", async () => {
		expect((await on({})).row("data folder")?.message).toStartWith(
			`${folder} is writable and private; `,
		);
		const shared = join(folder, "shared");
		mkdirSync(shared);
		chmodSync(shared, 0o755);
		expect(
			(await on({ TOLLWAY_DATA_DIR: shared })).row("data folder"),
		).toMatchObject({
			status: "warning",
			message: `${shared} can be entered by other users (mode 755); chmod 700 closes it`,
		});
		const later = join(folder, "a", "b");
		expect(
			(await on({ TOLLWAY_DATA_DIR: later })).row("data folder")?.message,
		).toStartWith(`${later} will be created; `);
	});

	test("a data folder that is a file, or below one", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "");
		for (const path of [file, join(file, "below")]) {
			const { row, code } = await on({ TOLLWAY_DATA_DIR: path });
			expect(row("data folder")?.status).toBe("failed");
			expect(code).toBe(1);
		}
	});

	test.each([
		[65_536, "ok"],
		[1_024, "warning"],
		[null, "skipped"],
	])("%p open files: %s", async (limit, status) => {
		const { row } = await on({}, { openFileLimit: () => limit });
		expect(row("open files")?.status).toBe(status);
	});

	test.each([
		[{}, "ok"],
		[{ BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" }, "ok"],
		[{ BUN_CONFIG_MAX_HTTP_REQUESTS: "100" }, "warning"],
	])("%j: %s", async (env, status) => {
		const { row } = await on(env as Record<string, string>);
		expect(row("calls at once")?.status).toBe(status);
	});

	test("a proxy is named, not shown", async () => {
		const { row, text } = await on({
			http_proxy: "http://u:secretpw@127.0.0.1:9",
		});
		expect(row("proxy")?.message).toBe("calls upstream go through http_proxy");
		expect(text).not.toContain("secretpw");
	});
});

test("mistakes in the settings: exit 1, and nothing is tried with them", async () => {
	const { code, rows } = await examine({
		PORT: "x",
		TOLLWAY_LOG_FORMAT: "xml",
	});
	expect(code).toBe(1);
	expect(rows.map(({ check, status }) => `${check} ${status}`)).toEqual([
		"settings failed",
		"settings failed",
	]);
});

test("on a terminal it is a list to read", async () => {
	const upstream = listen(() => new Response("{}"));
	const world = openFakeWorld({
		isTty: true,
		env: {
			PORT: "0",
			NO_COLOR: "1",
			TOLLWAY_DATA_DIR: folder,
			TOLLWAY_UPSTREAM_URL: urlOf(upstream),
		},
	});
	expect(await runProgram(["doctor"], world)).toBe(0);
	expect(world.stdout.text()).toContain("  ✓ settings       no mistakes\n");
	expect(world.stdout.text()).toContain("  ✓ port           any free port\n");
	expect(world.stdout.text()).toContain("  ! upstream key   none is set");
});
