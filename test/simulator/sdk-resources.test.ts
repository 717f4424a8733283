import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import Sdk from "@anthropic-ai/sdk";
import OldSdk from "anthropic-sdk-0";
import { toSeededBlock } from "../../src/simulator/seeded.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";

const simulator = await openSimulator({ resultsOrigin: "self" });
afterAll(() => simulator.stop());
beforeEach(() => simulator.reset());

/** What is used here looks the same in both. */
const sdks: readonly [version: string, Client: typeof Sdk][] = [
	["1.12", Sdk],
	["0.120", OldSdk as unknown as typeof Sdk],
];

function toItem(custom_id: string, change: Record<string, unknown> = {}) {
	const content = `Hello from ${custom_id}`;
	const params = {
		model: "claude-haiku-5-5",
		max_tokens: 100,
		messages: [{ role: "user" as const, content }],
		...change,
	};
	return { custom_id, params };
}

describe.each(sdks)("SDK %s on resources", (_version, Client) => {
	const client = new Client({ apiKey: "sk-any", baseURL: simulator.url });
	const { batches } = client.messages;

	test("a batch from creation to results", async () => {
		const script = { batch_polls: 2, batch_outcomes: { late: "expired" } };
		const created = await batches.create(
			{ requests: [toItem("good"), toItem("bad", { top: 1 }), toItem("late")] },
			{ headers: { "x-simulator-script": JSON.stringify(script) } },
		);
		expect(created.processing_status).toBe("in_progress");
		expect(created.request_counts.processing).toBe(3);
		expect(created.results_url).toBeNull();
		const statuses: string[] = [];
		for (let poll = 0; poll < 3; poll++) {
			statuses.push((await batches.retrieve(created.id)).processing_status);
		}
		expect(statuses).toEqual(["in_progress", "in_progress", "ended"]);
		const results = new Map<string, string>();
		for await (const { custom_id, result } of await batches.results(
			created.id,
		)) {
			results.set(custom_id, result.type);
			if (result.type !== "succeeded") continue;
			expect(result.message.usage.service_tier).toBe("batch");
		}
		expect(Object.fromEntries(results)).toEqual({
			good: "succeeded",
			bad: "errored",
			late: "expired",
		});
		const ended = await batches.retrieve(created.id);
		expect(ended.request_counts).toEqual({
			processing: 0,
			succeeded: 1,
			errored: 1,
			canceled: 0,
			expired: 1,
		});
		expect(await batches.delete(created.id)).toEqual({
			id: created.id,
			type: "message_batch_deleted",
		});
		const gone = await batches.retrieve(created.id).catch((e) => e);
		expect(gone).toBeInstanceOf(Client.NotFoundError);
	});

	test("a canceled batch ends with its items canceled", async () => {
		const { id } = await batches.create({ requests: [toItem("one")] });
		const canceling = await batches.cancel(id);
		expect(canceling.processing_status).toBe("canceling");
		const ended = await batches.retrieve(id);
		expect(ended.processing_status).toBe("ended");
		expect(ended.request_counts.canceled).toBe(1);
	});

	test("batches are listed newest first, across pages", async () => {
		const ids: string[] = [];
		for (let count = 0; count < 5; count++) {
			const { id } = await batches.create({ requests: [toItem(`n${count}`)] });
			ids.unshift(id);
		}
		const listed: string[] = [];
		for await (const { id } of batches.list({ limit: 2 })) listed.push(id);
		expect(listed).toEqual(ids);
	});

	test("models: listed, found by alias, unknown ones missed", async () => {
		const ids: string[] = [];
		for await (const { id } of client.models.list({ limit: 5 })) ids.push(id);
		expect(ids).toContain("claude-sonnet-5-5");
		expect(ids).not.toContain("claude-3-5-sonnet-20241022");
		expect(new Set(ids).size).toBe(ids.length);
		const model = await client.models.retrieve("claude-opus-4-5");
		expect(model.id).toBe("claude-opus-4-5-20251101");
		expect(model.display_name).toBe("Claude Opus 4.5");
		const missed = await client.models.retrieve("gpt-4").catch((e) => e);
		expect(missed).toBeInstanceOf(Client.NotFoundError);
	});

	test("files go up and come down byte for byte", async () => {
		const bytes = toSeededBlock(7);
		const uploaded = await client.files.upload({
			file: new File([new Uint8Array(bytes)], "random.bin", {
				type: "application/x-random",
			}),
		});
		expect(uploaded.size_bytes).toBe(bytes.length);
		expect(uploaded.filename).toBe("random.bin");
		const reply = await client.files.download(uploaded.id);
		expect(reply.headers.get("content-type")).toBe("application/x-random");
		const content = new Uint8Array(await reply.arrayBuffer());
		expect(Buffer.compare(content, bytes)).toBe(0);
		const listed: string[] = [];
		for await (const file of client.files.list()) listed.push(file.id);
		expect(listed).toEqual([uploaded.id]);
		expect((await client.files.delete(uploaded.id)).id).toBe(uploaded.id);
		const gone = await client.files
			.retrieveMetadata(uploaded.id)
			.catch((e) => e);
		expect(gone).toBeInstanceOf(Client.NotFoundError);
	});

	test("skills: several files, versions, deletion", async () => {
		const files = [
			new File(["# Skill"], "skill/SKILL.md", { type: "text/markdown" }),
			new File(["123456789"], "skill/run.sh"),
		];
		const skill = await client.skills.create({ files, display_name: "Test" });
		expect(skill.display_name).toBe("Test");
		const version = await client.skills.versions.create(skill.id, { files });
		const path = `/v1/skills/${skill.id}/versions/${version.id}/content`;
		const archive = await client.get<Response>(path, {
			__binaryResponse: true,
		});
		const zip = Buffer.from(await archive.arrayBuffer());
		expect(zip.toString("latin1")).toStartWith("PK\u0003\u0004");
		expect(zip.includes("123456789")).toBe(true);
		// The check value of CRC-32 for "123456789", in the entry's header and in the directory.
		expect(zip.toString("hex").split("2639f4cb")).toHaveLength(3);
		const listed: string[] = [];
		for await (const { id } of client.skills.versions.list(skill.id)) {
			listed.push(id);
		}
		expect(listed).toEqual([version.id, skill.latest_version_id]);
		await client.skills.versions.delete(version.id, { skill_id: skill.id });
		const { id } = await client.skills.delete(skill.id);
		expect(id).toBe(skill.id);
	});
});

describe("SDK 1.12 on managed agents", () => {
	const client = new Sdk({ apiKey: "sk-any", baseURL: simulator.url });
	const { sessions } = client.beta;

	test("a session costs something with every message, and its stream shows why", async () => {
		const session = await sessions.create({
			agent: "agent_01",
			environment_id: "env_01",
		});
		expect(session.usage.list_cost?.amount).toBe("0");
		const stream = await sessions.events.stream(session.id);
		await sessions.events.send(session.id, {
			events: [
				{ type: "user.message", content: [{ type: "text", text: "Go" }] },
			],
		});
		const seen: string[] = [];
		for await (const event of stream) {
			seen.push(event.type);
			if (event.type === "session.status_idle") break;
		}
		expect(seen).toEqual([
			"user.message",
			"session.status_running",
			"span.model_request_start",
			"agent.message",
			"span.model_request_end",
			"session.usage",
			"session.status_idle",
		]);
		const { usage } = await sessions.retrieve(session.id);
		expect(usage.list_cost).toEqual({ amount: "3", currency: "USD" });
		const listed: string[] = [];
		for await (const { type } of sessions.events.list(session.id)) {
			listed.push(type);
		}
		expect(listed).toEqual(seen);
		await simulator.record.waitUntil(() => simulator.record.open() === 0);
	});

	test("a session's stream ends when the session is deleted", async () => {
		const { id } = await sessions.create({ agent: "a", environment_id: "e" });
		const stream = await sessions.events.stream(id);
		await sessions.delete(id);
		const seen: string[] = [];
		for await (const { type } of stream) seen.push(type);
		expect(seen).toEqual(["session.deleted"]);
	});

	test("a poll for work blocks as long as asked and finds none", async () => {
		const work = await client.beta.environments.work.poll("env_01", {
			block_ms: 50,
		});
		expect(work).toBeNull();
		const { received, end } = simulator.record.all().at(-1) ?? {};
		const tookMs = (end?.atMs ?? 0) - (received?.atMs ?? 0);
		expect(tookMs).toBeGreaterThanOrEqual(49);
	});

	test("a heartbeat for work that is not ours raises 412", async () => {
		const failure = await client.beta.environments.work
			.heartbeat("work_01", { environment_id: "env_01" })
			.catch((e) => e);
		expect(failure.status).toBe(412);
	});

	test("memory stores", async () => {
		const { id } = await client.beta.memoryStores.create({ name: "Notes" });
		const store = await client.beta.memoryStores.retrieve(id);
		expect(store.name).toBe("Notes");
	});

	test("the organization", async () => {
		const organization = await client.organization.retrieve();
		expect(organization.type).toBe("organization");
	});
});
