import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { command, openRig, type Rig } from "../rig.ts";

// Programs are started, on a machine that may be busy.
setDefaultTimeout(60_000);

let rig: Rig;
beforeAll(async () => {
	rig = await openRig();
});
afterAll(() => rig.stop());

async function usage() {
	const child = Bun.spawn([...command, "usage", "--url", rig.url], {
		cwd: join(import.meta.dirname, "../.."),
		env: { PATH: process.env.PATH, HOME: "/nonexistent" },
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, complaint, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	return { out, complaint, code };
}

test("today and seven days, by key, model and tag", async () => {
	const made = await fetch(`${rig.url}/key/generate`, {
		method: "POST",
		body: JSON.stringify({ key_alias: "alice" }),
	});
	const { key } = (await made.json()) as { key: string };
	const reply = await fetch(`${rig.url}/v1/messages`, {
		method: "POST",
		headers: {
			"content-type": "application/json",
			"x-api-key": key,
			"x-litellm-tags": "docs",
		},
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 64,
			messages: [{ role: "user", content: "Tell me of tolls." }],
		}),
	});
	await reply.text();
	const cost = Number(reply.headers.get("x-litellm-response-cost"));
	expect(cost).toBeGreaterThan(0);
	// The sums follow the journal.
	let answer: Record<string, Record<string, number>> = {};
	const deadline = performance.now() + 20_000;
	do {
		const { out, complaint, code } = await usage();
		expect([code, complaint]).toEqual([0, ""]);
		answer = JSON.parse(out);
	} while (
		Object.keys(answer.tags ?? {}).length === 0 &&
		performance.now() < deadline
	);
	expect(answer).toMatchObject({
		today: cost,
		seven_days: cost,
		models: { "claude-sonnet-5-5": cost },
		tags: { docs: cost },
	});
	const [title, spend] = Object.entries(answer.keys ?? {})[0] ?? [];
	expect(title).toStartWith("alice (sk-...");
	expect(spend).toBe(cost);
});
