import { beforeEach, describe, expect, test } from "bun:test";
import { toSeededBlock } from "../../src/simulator/seeded.ts";
import { sdkSetups } from "./clients.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const tapped = useTappedRig();
beforeEach(() => tapped.rig.simulator.reset());

const toItem = (custom_id: string) => ({
	custom_id,
	params: {
		model: "claude-haiku-5-5",
		max_tokens: 100,
		messages: [{ role: "user" as const, content: `Hello from ${custom_id}` }],
	},
});

describe.each(sdkSetups)("$name", ({ Client, open, mount }) => {
	const openClient = () => open(tapped.url, gatewayKey);

	test("a batch from creation to results, all of it through the gateway", async () => {
		const { batches } = openClient().messages;
		const created = await batches.create({
			requests: [toItem("first"), toItem("second")],
		});
		expect(created.processing_status).toBe("in_progress");
		expect(created.results_url).toBeNull();
		await batches.retrieve(created.id);
		const ended = await batches.retrieve(created.id);
		expect(ended.processing_status).toBe("ended");
		const path = `/v1/messages/batches/${created.id}/results`;
		expect(ended.results_url).toBe(tapped.url + mount + path);
		const results = new Map<string, string>();
		for await (const line of await batches.results(created.id)) {
			results.set(line.custom_id, line.result.type);
		}
		expect(Object.fromEntries(results)).toEqual({
			first: "succeeded",
			second: "succeeded",
		});
		expect(tapped.exchanges().at(-1)?.target).toBe(mount + path);
		const { received } = tapped.rig.simulator.record.all().at(-1) ?? {};
		expect(received?.target).toBe(path);
	});

	test("batches listed across pages, canceled, deleted", async () => {
		const { batches } = openClient().messages;
		const ids: string[] = [];
		for (const name of ["one", "two", "three"]) {
			const { id } = await batches.create({ requests: [toItem(name)] });
			ids.unshift(id);
		}
		const [last = ""] = ids;
		expect((await batches.cancel(last)).processing_status).toBe("canceling");
		expect((await batches.retrieve(last)).processing_status).toBe("ended");
		const urls = new Map<string, string | null>();
		for await (const { id, results_url } of batches.list({ limit: 2 })) {
			urls.set(id, results_url);
		}
		expect([...urls.keys()]).toEqual(ids);
		expect(urls.get(last)).toStartWith(`${tapped.url}${mount}/v1/`);
		expect((await batches.delete(last)).id).toBe(last);
		const gone = await batches.retrieve(last).catch((error) => error);
		expect(gone).toBeInstanceOf(Client.NotFoundError);
	});

	test.each(["files", "beta.files"])("%s up and down", async (name) => {
		const client = openClient();
		const files = name === "files" ? client.files : client.beta.files;
		const bytes = new Uint8Array(toSeededBlock(11));
		const uploaded = await files.upload({
			file: new File([bytes], "random ü.bin", { type: "application/x-random" }),
		});
		expect(uploaded.size_bytes).toBe(bytes.length);
		expect(uploaded.filename).toBe("random ü.bin");
		const reply = await files.download(uploaded.id);
		expect(reply.headers.get("content-type")).toBe("application/x-random");
		const content = Buffer.from(await reply.arrayBuffer());
		expect(content.equals(bytes)).toBe(true);
		const listed: string[] = [];
		for await (const { id } of files.list()) listed.push(id);
		expect(listed).toEqual([uploaded.id]);
		expect((await files.delete(uploaded.id)).id).toBe(uploaded.id);
	});

	test("skills of several files", async () => {
		const { beta } = openClient();
		const files = [
			new File(["# Skill"], "skill/SKILL.md", { type: "text/markdown" }),
			new File(["echo hi"], "skill/run.sh"),
		];
		const { id } = await beta.skills.create({ files });
		const listed: string[] = [];
		for await (const skill of beta.skills.list()) listed.push(skill.id);
		expect(listed).toContain(id);
	});
});
