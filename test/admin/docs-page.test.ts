/** The page of the API: nothing on it is markup but its own, and its commands are what they look like. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { z } from "zod";
import { toCurl, toFirstCall } from "../../src/admin/docs-curl.ts";
import { toDocsPage } from "../../src/admin/docs-page.ts";
import { toOpenApi } from "../../src/admin/openapi.ts";
import type { Operation } from "../../src/admin/openapi-document.ts";
import { defineRoute, type ManagedRoute } from "../../src/admin/route.ts";
import { readTables } from "./tables.ts";

const base = "http://127.0.0.1:4000";
const options = { version: "1.2.3", rootPath: "/" };

const toPage = async (
	routes: readonly Omit<ManagedRoute<never>, "answer">[],
	at = base,
) => toDocsPage(await toOpenApi(routes, options), at);

describe("the page", () => {
	test("has every route and every field", async () => {
		const tables = await readTables();
		const { html } = await toPage(tables);
		for (const { path, summary } of tables) {
			expect(html).toContain(path.replace(/:(\w+)/g, "{$1}"));
			const plain = summary.split("`")[0]?.replaceAll("'", "&#39;");
			expect(html).toContain(`${plain}`);
		}
		for (const field of ["max_budget", "budget_duration", "guardrails"]) {
			expect(html).toContain(`<code>${field}</code>`);
		}
	});

	test("loads nothing and lets nothing run but its own style and script", async () => {
		const { html, headers } = await toPage(await readTables());
		expect(html).not.toMatch(/\s(src|srcset|action|on\w+|style)=/);
		expect(html).not.toMatch(/@import|url\(/);
		const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, to]) => to);
		expect(links.length).toBeGreaterThan(20);
		for (const link of links) {
			expect(link).toMatch(/^(#|http:\/\/127\.0\.0\.1:4000\/openapi\.json$)/);
		}
		const policy = headers["content-security-policy"] ?? "";
		expect(policy).toStartWith("default-src 'none'; ");
		expect(policy).not.toContain("unsafe");
		for (const tag of ["script", "style"]) {
			const parts = html.split(new RegExp(`</?${tag}>`));
			expect(parts).toHaveLength(3);
			const hash = createHash("sha256").update(`${parts[1]}`).digest("base64");
			expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
		}
	});

	test("every link within it leads somewhere", async () => {
		const { html } = await toPage(await readTables());
		const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
		expect(new Set(ids).size).toBe(ids.length);
		for (const [, to] of html.matchAll(/href="#([^"]+)"/g)) {
			expect(ids).toContain(to);
		}
	});

	test("shows hostile texts as texts, wherever they come from", async () => {
		const mark = `"'><img src=x onerror=alert(1)></script></style>`;
		const hostile = defineRoute({
			method: "POST",
			path: `/thing/${mark}/do`,
			summary: mark,
			for: "operator",
			body: z.object({
				[mark]: z.enum([mark]).meta({ description: mark }),
				other: z.string().default(mark),
			}),
			query: z.object({ [mark]: z.string().meta({ description: mark }) }),
			example: {
				body: { [mark]: mark },
				query: { [mark]: mark },
				reply: () => ({ [mark]: mark }),
			},
			answer: async () => ({}),
		});
		const { html } = await toPage([hostile], `${base}/${mark}`);
		expect(html).not.toContain("<img");
		expect(html.split("</script>")).toHaveLength(2);
		expect(html.split("</style>")).toHaveLength(2);
		expect(html.split("&lt;img").length).toBeGreaterThan(8);
	});
});

/** What a shell hands to curl. */
async function toArguments(command: string): Promise<string[]> {
	const child = Bun.spawn(
		["sh", "-c", `curl() { printf '%s\\0' "$@"; }\n${command}`],
		{ env: { TOLLWAY_MASTER_KEY: "sk-1234", GATEWAY_KEY: "sk-5678" } },
	);
	const text = await new Response(child.stdout).text();
	expect(await child.exited).toBe(0);
	return text.split("\0").slice(0, -1);
}

describe("a command", () => {
	const body = { name: 'it\'s $(id) `id` \\ "x" !', list: ["*", "$HOME"] };
	const operation = {
		"x-tollway-for": "operator",
		parameters: [
			{
				name: "id",
				in: "path",
				required: true,
				schema: { examples: ["a/b'c"] },
			},
			{ name: "q", in: "query", example: "a&b 'c'", schema: {} },
			{ name: "left_out", in: "query", schema: {} },
		],
		requestBody: {
			required: true,
			content: { "application/json": { example: body } },
		},
	} as unknown as Operation;

	test("gives curl what the example says, whatever is in it", async () => {
		const place = { base: `${base}/it's`, path: "/do/{id}", method: "post" };
		const command = toCurl(operation, place as never);
		expect(await toArguments(command)).toEqual([
			`${base}/it's/do/a%2Fb'c?q=a%26b+%27c%27`,
			"-H",
			"Authorization: Bearer sk-1234",
			"-H",
			"Content-Type: application/json",
			"-d",
			JSON.stringify(body),
		]);
	});

	test("says POST where there is no body", async () => {
		const place = { base, path: "/key/health", method: "post" } as const;
		const command = toCurl({ "x-tollway-for": "holder" } as Operation, place);
		expect(await toArguments(command)).toEqual([
			"-X",
			"POST",
			`${base}/key/health`,
			"-H",
			"Authorization: Bearer sk-5678",
		]);
	});

	test("the first one is a call", async () => {
		const words = await toArguments(toFirstCall(base));
		expect(words[0]).toBe(`${base}/anthropic/v1/messages`);
		expect(JSON.parse(words.at(-1) ?? "")).toHaveProperty("messages");
	});
});
