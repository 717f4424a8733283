/** File systems that are really full, and really read-only. They take root, and a kernel that lets it mount. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { noticeMark } from "../needs.ts";
import { startGateway, upstreamKey } from "../rig.ts";
import { callPaid, readReady, until } from "./paid-call.ts";

const limitMs = 60_000;
/** The journal alone takes eight. */
const megabytes = 20;

const canMount =
	process.platform === "linux" &&
	Bun.which("unshare") !== null &&
	Bun.spawnSync(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"])
		.success;

if (!canMount)
	console.error(`${noticeMark}full disks: this user may not mount one`);

const undo: (() => unknown)[] = [];
afterEach(async () => {
	for (const one of undo.splice(0).reverse()) await one();
});

/** In a mount namespace of its own, with its data folder on a new file system. */
async function start(more = "") {
	const dataDir = mkdtempSync(join(tmpdir(), "tollway-small-"));
	undo.push(() => rmSync(dataDir, { recursive: true, force: true }));
	const simulator = await openSimulator();
	undo.push(simulator.stop);
	const script = `mount -t tmpfs -o size=${megabytes}m none "$TOLLWAY_DATA_DIR" ${more} && exec "$@"`;
	const gateway = await startGateway(
		{
			ANTHROPIC_API_KEY: upstreamKey,
			TOLLWAY_UPSTREAM_URL: simulator.url,
			TOLLWAY_DATA_DIR: dataDir,
		},
		[],
		["unshare", "-m", "sh", "-c", script, "sh"],
	);
	undo.push(() => gateway.stop("SIGKILL"));
	return { gateway, inside: `/proc/${gateway.pid}/root${dataDir}` };
}

/** Until not a byte more fits. */
function fill(path: string): void {
	for (const size of [1_000_000, 10_000, 100, 1]) {
		try {
			for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
		} catch {
			// It is full, for this size.
		}
	}
}

test.skipIf(!canMount)(
	"a full disk: streams end whole, new calls are refused, and all is recorded once there is room",
	async () => {
		const { gateway, inside } = await start();
		const filler = join(inside, "filler");
		const first = await callPaid(gateway.url);
		const stream = callPaid(gateway.url, { stream: true, eventDelayMs: 60 });
		fill(filler);
		expect(statSync(filler).size).toBeGreaterThan(1_000_000);
		const ids = [first.id];
		// What the log still has room for is still recorded.
		await until(async () => {
			const { status, id } = await callPaid(gateway.url);
			if (status === 200) ids.push(id);
			return status === 503;
		});
		expect(await readReady(gateway.url)).toBe(503);
		const ended = await stream;
		expect(ended.text).toContain("message_stop");
		ids.push(ended.id);
		rmSync(filler);
		await until(async () => (await readReady(gateway.url)) === 200);
		expect((await callPaid(gateway.url)).status).toBe(200);
		for (const id of ids) {
			await until(async () => await isListed(gateway.url, id));
		}
	},
	limitMs,
);

async function isListed(url: string, id: string): Promise<boolean> {
	const reply = await fetch(`${url}/spend/logs?request_id=${id}`);
	return (await reply.text()).includes(`"request_id":"${id}"`);
}

test.skipIf(!canMount)(
	"a read-only file system: the start refuses, and names the file",
	async () => {
		const started = start(`&& mount -o remount,ro "$TOLLWAY_DATA_DIR"`);
		await expect(started).rejects.toThrow(/read-only.*tollway\.db/i);
	},
	limitMs,
);
