/** Claude Code with a virtual key: what it does when the gateway says no. */
import { describe, expect, test } from "bun:test";
import { needs } from "../needs.ts";
import { quiet, runClaude } from "./run-claude.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const program = await needs.npmTool(
	"@anthropic-ai/claude-code@2.1.330",
	"claude",
);
const timeoutMs = 40_000;

describe.skipIf(program === null)("Claude Code with a virtual key", () => {
	const tapped = useTappedRig();
	const manage = async (path: string, fields: object) => {
		const reply = await fetch(tapped.rig.url + path, {
			method: "POST",
			headers: { authorization: `Bearer ${gatewayKey}` },
			body: JSON.stringify(fields),
		});
		expect(reply.status).toBe(200);
		return reply.json();
	};
	const make = async (fields: object): Promise<string> =>
		(await manage("/key/generate", fields)).key;
	const run = (key: string) =>
		runClaude(program ?? "", "hi", {
			env: {
				...quiet,
				ANTHROPIC_BASE_URL: `${tapped.url}/anthropic`,
				ANTHROPIC_AUTH_TOKEN: key,
			},
		});
	const asked = () =>
		tapped
			.exchanges()
			.filter(({ request }) => request.start.includes("/v1/messages?"));

	test(
		"works with one",
		async () => {
			const { exitCode, output } = await run(await make({ max_budget: 50 }));
			expect([exitCode, output.is_error]).toEqual([0, false]);
		},
		timeoutMs,
	);

	test.each([
		["over its budget", { max_budget: 0.001 }, "The budget of key sk-..."],
		[
			"with another model than it may use",
			{ models: ["claude-instant-*"] },
			"may not use the model",
		],
		["with a key that is blocked", { blocked: true }, "is blocked"],
	])(
		"%s: one request, and it shows our sentence",
		async (_case, fields, sentence) => {
			const { output } = await run(await make(fields));
			expect(output.is_error).toBe(true);
			expect(output.result).toContain(sentence);
			expect(asked()).toHaveLength(1);
		},
		timeoutMs,
	);

	test(
		"of a team that is over its budget: one request, and it shows our sentence",
		async () => {
			await manage("/team/new", { team_id: "poor", max_budget: 0.001 });
			const { output } = await run(await make({ team_id: "poor" }));
			expect(output.is_error).toBe(true);
			expect(output.result).toContain("The budget of team poor");
			expect(asked()).toHaveLength(1);
		},
		timeoutMs,
	);

	test.each<[string, object, number]>([
		["at the limit of calls at a time", { max_parallel_requests: 1 }, 10],
		// The other call holds $2.82, and so does what Claude Code may write.
		["where another call holds the budget", { max_budget: 3.2 }, 128_000],
	])(
		"%s: it waits, and succeeds",
		async (_case, fields, maxTokens) => {
			const key = await make(fields);
			const slow = fetch(`${tapped.url}/v1/messages`, {
				method: "POST",
				headers: {
					authorization: `Bearer ${key}`,
					"x-simulator-script": JSON.stringify({ delay_ms: 4_000 }),
				},
				body: JSON.stringify({
					model: "claude-opus-5-5",
					max_tokens: maxTokens,
					messages: [{ role: "user", content: "hi" }],
				}),
			});
			const { exitCode, output } = await run(key);
			expect([exitCode, output.is_error]).toEqual([0, false]);
			expect((await slow).status).toBe(200);
			const statuses = asked().map(({ reply }) => reply?.start.split(" ")[1]);
			expect(statuses.at(-1)).toBe("200");
			expect(statuses).toContain("429");
		},
		timeoutMs,
	);
});
