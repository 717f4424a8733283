/** Every answer there is, searched for secrets (T-08, T-33, T-35): refusals, faults, lists, health, whoever asks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import { keyRoutes } from "../../src/admin/keys.ts";
import { reportRoutes } from "../../src/app/managed-routes.ts";
import { type ErrorRow, errorTable } from "../../src/domain/error.ts";
import { type Canary, findIn, toCanaries } from "../canaries.ts";
import { type LedgerRig, openLedgerRig, readAll } from "../ledger-rig.ts";
import { openRig, upstreamKey } from "../rig.ts";
import { type Answer, openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-secrets-0123456789";
const env = { TOLLWAY_MASTER_KEY: masterKey, ANTHROPIC_API_KEY: upstreamKey };
const canaries: readonly Canary[] = toCanaries(env);

let rig: LedgerRig;
let key: string;
let token: string;
const { ask, make, manage } = openCallers(() => rig.url, masterKey);

beforeAll(async () => {
	rig = await openLedgerRig({ env });
	({ key, token } = await make({ max_budget: 5, models: ["claude-*"] }));
	await ask("/v1/messages", { key });
});
afterAll(() => rig.stop());

/** What is said of the machine and of the code is a secret too. */
const internals =
	/node_modules|\/src\/|\.ts:\d|at async|\bstack\b|SQLITE|tollway\.db|\/tmp\//;

function expectSilent({ text, headers }: Pick<Answer, "text" | "headers">) {
	const all = `${text}\n${JSON.stringify([...headers])}`;
	expect(findIn("the answer", all, canaries)).toEqual([]);
	expect(all).not.toContain(key.slice(3));
}

/** Faults of upstream's, as the simulator has them, and the statuses of a plain call and a stream. */
const faults: Record<string, [script: object, plain: number, stream: number]> =
	{
		"an error": [{ error: { status: 500 } }, 500, 500],
		overload: [{ error: { type: "overloaded_error" } }, 529, 529],
		"a credential that it refuses": [{ error: { status: 401 } }, 401, 401],
		"a page of HTML": [{ error: { status: 500, form: "html" } }, 500, 500],
		"what is no HTTP": [{ garbage: true }, 502, 502],
		"an error within the stream": [
			{ error_event: { after_events: 2 } },
			200,
			200,
		],
	};

describe("upstream's faults tell nothing", () => {
	for (const [name, [script, ...statuses]] of Object.entries(faults)) {
		test(name, async () => {
			for (const [at, stream] of [false, true].entries()) {
				const reply = await fetch(`${rig.url}/v1/messages`, {
					method: "POST",
					headers: {
						authorization: `Bearer ${key}`,
						"content-type": "application/json",
						"x-simulator-script": JSON.stringify(script),
					},
					body: JSON.stringify({
						model: "claude-haiku-4-5",
						max_tokens: 5,
						stream,
						messages: [{ role: "user", content: "hi" }],
					}),
				});
				const text = await readAll(reply);
				expect(reply.status).toBe(statuses[at] ?? 0);
				expectSilent({ text, headers: reply.headers });
				expect(text).not.toMatch(internals);
			}
		});
	}
});

test("our own refusals tell nothing, and each is a row of the table", async () => {
	const blocked = await make({ blocked: true });
	const expired = await make({ duration: "1s" });
	await Bun.sleep(Date.parse(expired.expires) - Date.now() + 5);
	const big = `{"model":"${"x".repeat(33 * 1024 * 1024)}"}`;
	const message = { model: "gpt-4", max_tokens: 1, messages: [] };
	const answers: Answer[] = [
		await ask("/v1/messages"),
		await ask("/v1/messages", { key: `${masterKey}x` }),
		await ask("/v1/messages", { key: blocked.key }),
		await ask("/v1/messages", { key: expired.key }),
		await ask("/v1/messages", { key: `${key},${key}` }),
		await ask("/v1/messages", { key, body: "{" }),
		await ask("/v1/messages", { key, body: message }),
		await ask("/v1/messages", { key, body: big }),
		await ask("/v1/messages", {
			key,
			headers: { "content-encoding": "x-odd" },
		}),
		await ask("/v1/organizations/me", { key }),
		await ask("/v1/complete", { key }),
		await ask("/v1/files", { key }),
		await ask("/nowhere", { key }),
		await ask("/key/generate", { key }),
		await ask(`/key/info?key=${"0".repeat(64)}`, { key }),
		await manage("/key/generate", { key }),
		await manage("/key/generate", { key: masterKey, no_such: masterKey }),
		await manage("/key/generate", { metadata: masterKey }),
		await manage(`/key/info?key=${masterKey}`),
		await manage("/key/block", { key: `${key}x` }),
		await manage(`/key/${key}x/regenerate`, {}),
		await manage(`/spend/logs?start_date=${masterKey}&end_date=${key}`),
		await manage(`/key/list?sort_by=${key}`),
	];
	const rows: readonly ErrorRow[] = Object.values(errorTable);
	const types = new Set(
		rows.flatMap(({ type, litellm = type }) => [type, litellm]),
	);
	for (const answer of answers) {
		expect(answer.status).toBeWithin(400, 500);
		expect(types).toContain(answer.body.error.type);
		expectSilent(answer);
		expect(answer.text).not.toMatch(internals);
	}
});

test("an upstream that cannot be reached is not described", async () => {
	const closed = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => closed.once("listening", resolve));
	const { port } = closed.address() as AddressInfo;
	await new Promise((resolve) => closed.close(resolve));
	const lost = await openRig({
		env: { ...env, TOLLWAY_UPSTREAM_URL: `http://127.0.0.1:${port}` },
	});
	try {
		const callers = openCallers(() => lost.url, masterKey);
		const answers = [
			await callers.ask("/v1/messages", { key: masterKey }),
			await callers.ask("/v1/files", { key: masterKey, method: "GET" }),
			await callers.ask("/health"),
		];
		for (const answer of answers) {
			expectSilent(answer);
			expect(answer.text).not.toContain(String(port));
		}
	} finally {
		await lost.stop();
	}
});

/** The answers that a new key is in: nowhere else is one shown. */
const homes: ReadonlySet<string> = new Set([
	"/key/generate",
	"/key/regenerate",
	"/key/:key/regenerate",
]);

test("what the operator is shown holds no secret, but where a key is made", async () => {
	const seen = new Set<string>();
	for (const { method, path } of [...keyRoutes, ...reportRoutes]) {
		const { token: other } = await make({ user_id: "shown" });
		const named = path.replace(":key", other);
		const query = `?key=${other}&end_user_id=x&return_full_object=true&size=100`;
		const asked = method === "GET" ? named + query : named;
		const body = {
			...(path !== "/key/generate" && !path.includes(":") && { key: other }),
			...(path === "/key/delete" && { keys: [other] }),
			...(path === "/spend/calculate" && {
				model: "claude-haiku-4-5",
				messages: [],
			}),
		};
		const answer = await ask(asked, { key: masterKey, method, body });
		const holds = findIn("it", answer.text, canaries);
		expect([path, holds]).toEqual([
			path,
			homes.has(path) ? ["a key that was made is in it"] : [],
		]);
		seen.add(`${answer.status}`);
	}
	// 404: no such session; 400: what is missing.
	expect([...seen].sort()).toEqual(["200", "400", "404"]);
	for (const path of ["/health", "/health/readiness", "/routes", "/"]) {
		for (const as of [masterKey, key, undefined]) {
			const answer = await ask(path, {
				method: "GET",
				...(as !== undefined && { key: as }),
			});
			expectSilent(answer);
		}
	}
	const logs = await manage(`/spend/logs?api_key=${key}`);
	expect(logs.body.length).toBeGreaterThan(0);
	expect(logs.body[0].api_key).toBe(token);
	expectSilent(logs);
});
