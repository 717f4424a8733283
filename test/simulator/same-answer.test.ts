import { expect, test } from "bun:test";
import { runSimulator } from "../../src/simulator/command.ts";
import { demoCalls } from "../../src/simulator/demo.ts";
import {
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import { post, toBody } from "./requests.ts";

/** The demo as a client would send it, straight to the simulator. */
async function playDemo(simulator: Simulator): Promise<void> {
	for (const { path, method, headers, body, expectStatus } of demoCalls) {
		const url = simulator.url + path.replace(/^\/anthropic/, "");
		const reply = await fetch(url, { method, headers, body });
		await reply.arrayBuffer();
		expect(reply.status).toBe(expectStatus ?? 200);
	}
}

test("the same calls get the same answers from another simulator, to the byte", async () => {
	const both = await Promise.all([openSimulator(), openSimulator()]);
	const [first, second] = await Promise.all(
		both.map(async (simulator) => {
			await playDemo(simulator);
			await simulator.record.waitUntil(() => simulator.record.open() === 0);
			return simulator.record.all().map(({ sent }) => ({
				status: sent.status,
				rawHeaders: sent.rawHeaders,
				sha256: sent.body.sha256,
			}));
		}),
	);
	expect(first).toEqual(second ?? []);
	expect(first).toHaveLength(demoCalls.length);
	await Promise.all(both.map((simulator) => simulator.stop()));
});

test("the demo writes to the prompt cache and reads from it", async () => {
	const simulator = await openSimulator();
	await playDemo(simulator);
	const said = simulator.record
		.all()
		.map(({ sent }) => Buffer.from(sent.body.bytes).toString());
	const written = said.filter((text) =>
		/"cache_creation_input_tokens":[1-9]/.test(text),
	);
	const read = said.filter((text) =>
		/"cache_read_input_tokens":[1-9]/.test(text),
	);
	expect([written.length, read.length]).toEqual([1, 1]);
	await simulator.stop();
});

test("on its own it writes one line of JSON and serves", async () => {
	const lines: string[] = [];
	const write = (line: string) => lines.push(line);
	const simulator = await runSimulator(["--accept-key", "sk-only"], { write });
	expect(lines).toEqual([JSON.stringify({ simulator: simulator.url })]);
	expect((await post(simulator, toBody())).status).toBe(401);
	const headers = { "x-api-key": "sk-only" };
	expect((await post(simulator, toBody(), { headers })).status).toBe(200);
	await simulator.stop();
});

test.each(["--nothing", "--port", "--port x", "--port 70000"])(
	"%s is refused",
	async (line) => {
		const args = line.split(" ");
		const failure = await runSimulator(args, { write: () => {} }).catch(
			(e) => e,
		);
		expect(failure).toBeInstanceOf(RangeError);
	},
);

test("a port that is taken is an error, and stop frees it", async () => {
	const first = await openSimulator();
	const failure = await openSimulator({ port: first.port }).catch((e) => e);
	expect(failure.code).toBe("EADDRINUSE");
	await first.stop();
	const again = await openSimulator({ port: first.port });
	expect(again.port).toBe(first.port);
	await again.stop();
});

test("stop cuts what is still open", async () => {
	const simulator = await openSimulator();
	const replied = post(simulator, toBody(), { script: { silent: true } });
	await simulator.record.waitUntil(() => simulator.record.open() === 1);
	const failed = replied.then(
		() => false,
		() => true,
	);
	await simulator.stop();
	expect(await failed).toBe(true);
	expect(simulator.record.open()).toBe(0);
});
