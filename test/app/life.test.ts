import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type GatewayProcess,
	openRig,
	type Rig,
	startGateway,
} from "../rig.ts";

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function openTracked(env: Record<string, string> = {}): Promise<Rig> {
	const rig = await openRig({ env });
	cleanUp.push(rig.stop);
	return rig;
}

async function startTracked(
	env: Record<string, string>,
): Promise<GatewayProcess> {
	const gateway = await startGateway(env);
	cleanUp.push(() => gateway.stop("SIGKILL"));
	return gateway;
}

function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "tollway-life-"));
	cleanUp.push(async () => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

const body = JSON.stringify({
	model: "claude-sonnet-5-5",
	max_tokens: 50,
	stream: true,
	messages: [{ role: "user", content: "hi" }],
});

const openStream = (rig: Rig, eventDelayMs: number) =>
	fetch(`${rig.url}/v1/messages`, {
		method: "POST",
		headers: {
			"anthropic-version": "2023-06-01",
			"x-simulator-script": JSON.stringify({ event_delay_ms: eventDelayMs }),
		},
		body,
	});

test("SIGTERM: no new calls, the open stream ends whole, exit 0", async () => {
	const rig = await openTracked();
	const reply = await openStream(rig, 100);
	const text = reply.text();
	const exit = rig.gateway.stop("SIGTERM");
	const line = await rig.gateway.waitForLine((one) =>
		String(one.message).includes("waiting"),
	);
	expect(String(line.message)).toContain("1 open answer");
	await expect(
		fetch(`${rig.url}/healthz`, { keepalive: false }),
	).rejects.toThrow();
	expect(await text).toContain("message_stop");
	expect(await exit).toBe(0);
});

test("a stream that outlives the limit is cut, exit 0", async () => {
	const rig = await openTracked({ TOLLWAY_DRAIN_TIMEOUT: "1s" });
	const reply = await openStream(rig, 30_000);
	const text = reply.text();
	const exit = rig.gateway.stop("SIGTERM");
	await expect(text).rejects.toThrow();
	expect(await exit).toBe(0);
	await rig.simulator.record.waitUntil(() => rig.simulator.record.open() === 0);
});

test("a second signal exits at once", async () => {
	const rig = await openTracked();
	const reply = await openStream(rig, 30_000);
	const text = reply.text().catch(() => "cut");
	void rig.gateway.stop("SIGINT");
	await rig.gateway.waitForLine((one) =>
		String(one.message).includes("waiting"),
	);
	expect(await rig.gateway.stop("SIGINT")).toBe(1);
	expect(await text).toBe("cut");
});

test("a second process on the same data is refused and told of the first", async () => {
	const folder = temporaryFolder();
	const first = await startTracked({ TOLLWAY_DATA_DIR: folder });
	const second = startGateway({ TOLLWAY_DATA_DIR: folder });
	await expect(second).rejects.toThrow(`process ${first.pid}`);
	expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
	expect(await first.stop()).toBe(0);
	const third = await startTracked({ TOLLWAY_DATA_DIR: folder });
	expect((await fetch(`${third.url}/readyz`)).status).toBe(200);
});

test("the database is its owner's alone, and survives SIGKILL", async () => {
	const folder = join(temporaryFolder(), "data");
	const first = await startTracked({ TOLLWAY_DATA_DIR: folder });
	expect(statSync(folder).mode & 0o777).toBe(0o700);
	expect(statSync(join(folder, "tollway.db")).mode & 0o777).toBe(0o600);
	await first.stop("SIGKILL");
	const second = await startTracked({ TOLLWAY_DATA_DIR: folder });
	expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
});

test("a port in use", async () => {
	const first = await startTracked({});
	const { port } = new URL(first.url);
	await expect(startGateway({ PORT: port })).rejects.toThrow(
		`${port} is in use`,
	);
});

const listed = async (
	gateway: GatewayProcess,
	path: string,
	headers: Record<string, string> = {},
) => {
	const created = await fetch(`${gateway.url}${path}`, {
		method: "POST",
		headers: { "anthropic-version": "2023-06-01", ...headers },
		body: JSON.stringify({
			requests: [
				{
					custom_id: "a",
					params: {
						model: "claude-sonnet-5-5",
						max_tokens: 5,
						messages: [{ role: "user", content: "hi" }],
					},
				},
			],
		}),
	});
	expect(created.status).toBe(200);
	const { id } = (await created.json()) as { id: string };
	for (;;) {
		const reply = await fetch(`${gateway.url}${path}/${id}`, {
			headers: { "anthropic-version": "2023-06-01", ...headers },
		});
		const batch = (await reply.json()) as { results_url: string | null };
		if (batch.results_url) return batch.results_url;
	}
};

test("results_url leads back to us, under the mount that the client uses", async () => {
	const rig = await openTracked();
	const direct = await listed(rig.gateway, "/v1/messages/batches");
	expect(direct).toStartWith(`${rig.url}/v1/messages/batches/msgbatch_`);
	const mounted = await listed(rig.gateway, "/anthropic/v1/messages/batches");
	expect(mounted).toStartWith(
		`${rig.url}/anthropic/v1/messages/batches/msgbatch_`,
	);
	const results = await fetch(mounted, {
		headers: { "anthropic-version": "2023-06-01" },
	});
	expect(await results.text()).toContain('"custom_id":"a"');
});

test("results_url behind a public URL, and left alone by setting", async () => {
	const behind = await openTracked({
		TOLLWAY_PUBLIC_URL: "https://llm.example.com/gw",
	});
	expect(
		await listed(behind.gateway, "/anthropic/v1/messages/batches"),
	).toStartWith("https://llm.example.com/gw/anthropic/v1/");
	const off = await openTracked({ TOLLWAY_REWRITE_RESULTS_URL: "off" });
	expect(await listed(off.gateway, "/v1/messages/batches")).toStartWith(
		"https://api.anthropic.com/v1/",
	);
});

test("a trusted proxy tells scheme and client; another one's word is not taken", async () => {
	const key = "sk-master-0123456789-abcdef";
	const headers = {
		"x-forwarded-proto": "https",
		"x-forwarded-for": "6.6.6.6, 203.0.113.9",
		authorization: `Bearer ${key}`,
	};
	const trusting = await openTracked({
		TOLLWAY_MASTER_KEY: key,
		TOLLWAY_TRUSTED_PROXIES: "127.0.0.0/8",
	});
	expect(
		await listed(trusting.gateway, "/v1/messages/batches", headers),
	).toStartWith("https://127.0.0.1:");
	await trusting.gateway.waitForLine((line) => line.client === "203.0.113.9");
	const wary = await openTracked({ TOLLWAY_MASTER_KEY: key });
	expect(
		await listed(wary.gateway, "/v1/messages/batches", headers),
	).toStartWith("http://127.0.0.1:");
	await wary.gateway.waitForLine((line) => line.client === "127.0.0.1");
});

test("a root path", async () => {
	const rig = await openTracked({ SERVER_ROOT_PATH: "/llm" });
	for (const path of [
		"/llm/anthropic/v1/models",
		"/llm/v1/models",
		"/llm/healthz",
		"/healthz",
	]) {
		const reply = await fetch(rig.url + path, {
			headers: { "anthropic-version": "2023-06-01" },
		});
		expect(reply.status).toBe(200);
	}
	expect((await fetch(`${rig.url}/llmx/v1/models`)).status).toBe(404);
	expect(await listed(rig.gateway, "/llm/v1/messages/batches")).toStartWith(
		`${rig.url}/llm/v1/`,
	);
});

test("a web page of a configured origin", async () => {
	const origin = "https://app.example.com";
	const rig = await openTracked({ TOLLWAY_CORS_ORIGINS: origin });
	const preflight = await fetch(`${rig.url}/v1/messages`, {
		method: "OPTIONS",
		headers: {
			origin,
			"access-control-request-method": "POST",
			"access-control-request-headers": "x-api-key,anthropic-version",
		},
	});
	expect(preflight.status).toBe(204);
	expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
	expect(preflight.headers.get("access-control-allow-headers")).toBe(
		"x-api-key,anthropic-version",
	);
	const reply = await fetch(`${rig.url}/v1/models`, {
		headers: {
			origin,
			"sec-fetch-site": "cross-site",
			"anthropic-version": "2023-06-01",
		},
	});
	expect(reply.status).toBe(200);
	expect(reply.headers.get("access-control-allow-origin")).toBe(origin);
	const other = await fetch(`${rig.url}/v1/models`, {
		headers: { origin: "https://evil.example" },
	});
	expect(other.status).toBe(403);
	expect(other.headers.get("access-control-allow-origin")).toBeNull();
});

test("beyond this machine only with a master key", async () => {
	await expect(startGateway({ TOLLWAY_HOST: "0.0.0.0" })).rejects.toThrow(
		"exited",
	);
	const gateway = await startTracked({
		TOLLWAY_HOST: "0.0.0.0",
		TOLLWAY_MASTER_KEY: "sk-master-0123456789-abcdef",
	});
	const { port } = new URL(gateway.url);
	expect(
		(
			await fetch(`http://127.0.0.1:${port}/healthz`, {
				headers: { host: "gateway.internal" },
			})
		).status,
	).toBe(200);
});

test("the fetch limit is raised before the first call", async () => {
	const rig = await openTracked();
	const streams = 300;
	// node:http, because the fetch of the test's own process has the limit that is tested here.
	const agent = new Agent({ maxSockets: streams });
	cleanUp.push(async () => agent.destroy());
	const headers = {
		"anthropic-version": "2023-06-01",
		"x-simulator-script": JSON.stringify({ event_delay_ms: 30_000 }),
	};
	const open = (): Promise<number | undefined> =>
		new Promise((resolve, reject) => {
			const sent = request(
				`${rig.url}/v1/messages`,
				{ method: "POST", agent, headers },
				(reply) => {
					reply.once("data", () => resolve(reply.statusCode));
					reply.on("error", () => {});
				},
			);
			sent.on("error", reject);
			sent.end(body);
		});
	const statuses = await Promise.all(Array.from({ length: streams }, open));
	expect(statuses.filter((status) => status === 200).length).toBe(streams);
	expect(rig.simulator.record.open()).toBe(streams);
}, 20_000);
