/** Claude Code itself, proprietary and 364 MB: fetched once into the temporary folder, never a dependency. */
import { describe, expect, test } from "bun:test";
import type { Script } from "../../src/simulator/script.ts";
import { needs } from "../needs.ts";
import { quiet, runClaude } from "./run-claude.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const program = await needs.npmTool(
	"@anthropic-ai/claude-code@2.1.330",
	"claude",
);
const timeoutMs = 40_000;
const subscription = "sk-ant-oat01-subscription-of-the-developer";

const say = (text: string): Script => ({
	message: { content: [{ type: "text", text }], stop_reason: "end_turn" },
});

const use = (name: string, input: object): Script => ({
	message: {
		content: [{ type: "tool_use", id: `toolu_01${name}`, name, input }],
		stop_reason: "tool_use",
	},
});

describe.skipIf(program === null)("Claude Code", () => {
	const tapped = useTappedRig();
	const run = (prompt: string, options: Parameters<typeof runClaude>[2]) =>
		runClaude(program ?? "", prompt, options);
	const toEnv = (variable: string, mount = "/anthropic") => ({
		...quiet,
		ANTHROPIC_BASE_URL: tapped.url + mount,
		[variable]: gatewayKey,
	});

	test.each([
		["ANTHROPIC_AUTH_TOKEN", "/anthropic", "authorization"],
		["ANTHROPIC_AUTH_TOKEN", "", "authorization"],
		["ANTHROPIC_API_KEY", "/anthropic", "x-api-key"],
		["ANTHROPIC_API_KEY", "", "x-api-key"],
	])(
		"a turn with %s at <gateway>%s",
		async (variable, mount, header) => {
			tapped.script(say("Grüße from upstream 👋"));
			const { exitCode, output } = await run("hi", {
				env: toEnv(variable, mount),
			});
			expect(output.result).toBe("Grüße from upstream 👋");
			expect(exitCode).toBe(0);
			expect(output.total_cost_usd).toBeGreaterThan(0);
			const [seen, ...more] = tapped.exchanges();
			expect(more).toEqual([]);
			expect(seen?.target).toBe(`${mount}/v1/messages?beta=true`);
			expect(seen?.request.headers.get(header)).toEndWith(gatewayKey);
			expect(seen?.request.headers.get("x-claude-code-session-id")).toBe(
				output.session_id,
			);
			const id = seen?.reply?.headers.get("request-id");
			const line = await tapped.rig.gateway.waitForLine(
				({ upstream_request_id }) => upstream_request_id === id,
			);
			expect(line.bytes_in).toBe(seen?.request.body.length);
			expect(line.bytes_out).toBe(seen?.reply?.body.length);
		},
		timeoutMs,
	);

	test(
		"tools: it reads a file and runs a command, and sends back what came of it",
		async () => {
			tapped.script(
				use("Read", { file_path: "secret.txt" }),
				use("Bash", { command: "echo tollway-$((40 + 2))" }),
				say("All done."),
			);
			const { exitCode, output } = await run("Look at the file.", {
				env: toEnv("ANTHROPIC_AUTH_TOKEN"),
				args: ["--allowedTools", "Read", "Bash(echo:*)"],
				files: { "secret.txt": "the word is turnpike\n" },
			});
			expect(output.result).toBe("All done.");
			expect(exitCode).toBe(0);
			const bodies = tapped.rig.simulator.record
				.all()
				.map(({ received }) => new TextDecoder().decode(received.body.bytes));
			expect(bodies).toHaveLength(3);
			expect(bodies[1]).toContain("the word is turnpike");
			expect(bodies[2]).toContain("tollway-42");
		},
		timeoutMs,
	);

	test(
		"at its start: the greeting is ours, the model list is upstream's",
		async () => {
			const { exitCode } = await run("hi", {
				env: {
					...toEnv("ANTHROPIC_AUTH_TOKEN"),
					CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "",
					DISABLE_TELEMETRY: "1",
					DISABLE_ERROR_REPORTING: "1",
					CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: "1",
				},
			});
			expect(exitCode).toBe(0);
			const find = (start: string) =>
				tapped
					.exchanges()
					.find(({ request }) => request.start.startsWith(start));
			const hello = find("HEAD /anthropic/api/hello ");
			expect(hello?.reply?.start).toStartWith("HTTP/1.1 200");
			expect(hello?.request.headers.has("authorization")).toBe(false);
			const models = find("GET /anthropic/v1/models?limit=1000 ");
			expect(models?.reply?.start).toStartWith("HTTP/1.1 200");
			const reached = tapped.rig.simulator.record
				.all()
				.map(({ received }) => received.target);
			expect(reached).toContain("/v1/models?limit=1000");
			expect(reached.join()).not.toContain("hello");
		},
		timeoutMs,
	);

	test(
		"a wrong gateway key fails at once, and our sentence says why",
		async () => {
			const { exitCode, output, elapsedMs } = await run("hi", {
				env: {
					...toEnv("ANTHROPIC_AUTH_TOKEN"),
					ANTHROPIC_AUTH_TOKEN: "sk-wrong",
				},
			});
			expect(exitCode).toBe(1);
			expect(output.result).toContain("not known to Tollway");
			expect(tapped.exchanges()).toHaveLength(1);
			expect(tapped.rig.simulator.record.all()).toEqual([]);
			expect(elapsedMs).toBeLessThan(10_000);
		},
		timeoutMs,
	);

	test(
		"upstream is overloaded once: asked again",
		async () => {
			tapped.script(
				{ error: { status: 529 }, headers: { "retry-after-ms": "5" } },
				say("Here I am."),
			);
			const { exitCode, output } = await run("hi", {
				env: toEnv("ANTHROPIC_AUTH_TOKEN"),
			});
			expect(output.result).toBe("Here I am.");
			expect(exitCode).toBe(0);
		},
		timeoutMs,
	);
});

describe.skipIf(program === null)("Claude Code with a subscription", () => {
	const tapped = useTappedRig({
		env: { ANTHROPIC_API_KEY: "" },
		credential: `authorization: Bearer ${subscription}`,
	});

	test(
		"the gateway key comes in a header of its own, the subscription's token pays",
		async () => {
			tapped.script(say("Paid by you."));
			const { exitCode, output } = await runClaude(program ?? "", "hi", {
				env: {
					...quiet,
					ANTHROPIC_BASE_URL: `${tapped.url}/anthropic`,
					ANTHROPIC_AUTH_TOKEN: subscription,
					ANTHROPIC_CUSTOM_HEADERS: `x-litellm-api-key: Bearer ${gatewayKey}`,
				},
			});
			expect(output.result).toBe("Paid by you.");
			expect(exitCode).toBe(0);
		},
		timeoutMs,
	);
});
