import { describe, expect, test } from "bun:test";
import { serve } from "../../src/cli/serve.ts";
import { type FakeOptions, openFakeWorld, until } from "./fake-world.ts";
import { plainCall } from "./plain-call.ts";

const noOptions = { flags: {} };

/** Starts, waits for the banner, and gives back what the test needs to go on. */
async function startOn(options: FakeOptions = {}) {
	const world = openFakeWorld(options);
	const code = serve(world, noOptions);
	await until(() => world.stdout.text() !== "", "the banner");
	return { world, code };
}

describe("a whole life", () => {
	test("banner, a call, a signal, exit 0", async () => {
		const { world, code } = await startOn();
		expect(world.served[0]?.config.port).toBe(4000);
		world.served[0]?.hooks.onCall(plainCall);
		world.signal("SIGTERM");
		expect(await code).toBe(0);
		expect(world.stops).toEqual(["drain"]);
		const lines = world.stdout.text().trim().split("\n");
		expect(lines.map((line) => JSON.parse(line).event)).toEqual([
			"start",
			"call",
		]);
		expect(world.stderr.text()).toContain("SIGTERM: stopping.");
	});

	test("open answers are waited for, aloud, until the limit", async () => {
		const { world, code } = await startOn({
			openReplies: 3,
			env: { TOLLWAY_DRAIN_TIMEOUT: "30ms" },
		});
		world.signal("SIGTERM");
		expect(await code).toBe(0);
		expect(world.stops).toEqual(["drain", "cut"]);
		expect(world.stderr.text()).toContain(
			"waiting up to 0 s for 3 open answers",
		);
		expect(world.stderr.text()).toContain("3 open answers cut.");
	});

	test("a second signal cuts them at once", async () => {
		const { world, code } = await startOn({ openReplies: 1 });
		world.signal("SIGINT");
		await until(() => world.stops.length === 1, "the drain");
		const startedMs = performance.now();
		world.signal("SIGINT");
		expect(await code).toBe(1);
		expect(performance.now() - startedMs).toBeLessThan(1_000);
		expect(world.stops).toEqual(["drain", "cut"]);
	});

	test("a signal during the start is not lost", async () => {
		const world = openFakeWorld();
		const code = serve(world, noOptions);
		world.signal("SIGTERM");
		expect(await code).toBe(0);
	});
});

describe("a start that fails", () => {
	test("mistakes: exit 78, one line each, nothing started", async () => {
		const world = openFakeWorld({
			env: { PORT: "x", TOLLWAY_HOST: "0.0.0.0" },
		});
		expect(await serve(world, noOptions)).toBe(78);
		const lines = world.stderr.text().trim().split("\n");
		expect(lines).toHaveLength(4);
		expect(lines[0]).toBe(
			"tollway: not started, 2 mistakes in the configuration:",
		);
		expect(lines[1]).toStartWith("  PORT is ");
		expect(lines[2]).toStartWith('  TOLLWAY_HOST is "0.0.0.0"');
		expect(world.stdout.text()).toBe("");
		expect(world.served).toEqual([]);
	});

	const failures: [Record<string, string>, object, string][] = [
		[{}, { code: "EADDRINUSE" }, "4000 is in use (LiteLLM?). Try PORT=4001."],
		[
			{ PORT: "8080" },
			{ code: "EADDRINUSE" },
			"8080 is in use. Try PORT=8081.",
		],
		[
			{ PORT: "65535" },
			{ code: "EADDRINUSE" },
			"65535 is in use. Try PORT=65534.",
		],
		[
			{ PORT: "80" },
			{ code: "EACCES", syscall: "listen" },
			"80 needs more rights: ports below 1024 belong to the system. Try PORT=4000.",
		],
		[
			{ TOLLWAY_HOST: "::1" },
			{ code: "EADDRNOTAVAIL" },
			"::1 cannot be listened on: this machine has no such address, or IPv6 is off. Try TOLLWAY_HOST=127.0.0.1.",
		],
		[
			{
				TOLLWAY_HOST: "10.1.2.3",
				TOLLWAY_MASTER_KEY: "sk-0123456789abcdef0123",
			},
			{ code: "EADDRNOTAVAIL" },
			"10.1.2.3 cannot be listened on: it is no address of this machine. Try TOLLWAY_HOST=127.0.0.1, or 0.0.0.0 for all addresses.",
		],
		[
			{},
			{ code: "EACCES", syscall: "open", path: "/data/x" },
			"the system's own words",
		],
	];
	test.each(failures)("%j %j", async (env, fields, sentence) => {
		const error = Object.assign(new Error("the system's own words"), fields);
		const world = openFakeWorld({
			env,
			serve: () => Promise.reject(error),
		});
		expect(await serve(world, noOptions)).toBe(1);
		expect(world.stderr.text()).toBe(`tollway: ${sentence}\n`);
		expect(world.stdout.text()).toBe("");
	});
});

describe("--env-file", () => {
	const readFile = (path: string) => {
		if (path === "good.env") return 'export PORT=4100 # here\n\nA="x\ny"\n';
		if (path === "bad.env") return "PORT=4100\n\nnot a pair\n";
		throw Object.assign(new Error("no"), { code: "ENOENT" });
	};
	test("is read", async () => {
		const world = openFakeWorld({ readFile });
		const code = serve(world, { flags: {}, envFile: "good.env" });
		await until(() => world.served.length > 0, "the start");
		expect(world.served[0]?.config.port).toBe(4100);
		world.signal("SIGTERM");
		expect(await code).toBe(0);
	});
	test.each([
		["bad.env", 'Line 3 of "bad.env" (--env-file) is not NAME=value.'],
		["none.env", '--env-file names "none.env", which does not exist.'],
	])("%s stops the start", async (envFile, sentence) => {
		const world = openFakeWorld({ readFile });
		expect(await serve(world, { flags: {}, envFile })).toBe(78);
		expect(world.stderr.text()).toContain(`  ${sentence}\n`);
	});
});
