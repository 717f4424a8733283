/** A client that writes a key where a label, a path or a model stands (T-08, T-32): it is kept by its name only. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-labels-0123456789";
const crosses = "what is Anthropic's own of a request crosses as it is";
let rig: LedgerRig;
let made: { readonly key: string };
const { ask, make } = openCallers(() => rig.url, masterKey);

beforeAll(async () => {
	rig = await openLedgerRig({
		env: { TOLLWAY_MASTER_KEY: masterKey },
		meant: {
			"a key that was made is in another header to upstream": crosses,
			"a key that was made is in the body upstream got": crosses,
			"a key that was made is in the address upstream got": crosses,
		},
	});
	made = await make();
});
afterAll(() => rig.stop());

const toText = (value: unknown) =>
	JSON.stringify(value, (_name, one) =>
		typeof one === "bigint" ? String(one) : one,
	);

const entryOf = async (path: string, part: object, headers = {}) => {
	const messages = [{ role: "user", content: "hi" }];
	const answer = await ask(path, {
		key: made.key,
		headers,
		body: { model: "claude-sonnet-5-5", max_tokens: 5, messages, ...part },
	});
	return rig.entryOf(answer.headers.get("x-litellm-call-id"));
};

test.each(["one that was made", "one of Anthropic's"])(
	"%s, in every label there is",
	async (kind) => {
		const isMade = kind === "one that was made";
		const secret = isMade ? made.key : `sk-ant-api03-${"x".repeat(60)}`;
		const headers = {
			"x-litellm-tags": `a,${secret}`,
			"x-litellm-agent-id": secret,
			"x-litellm-trace-id": `session of ${secret}`,
			"user-agent": `tool/1.0 (${secret})`,
		};
		const spend_logs_metadata = {
			api_key: secret,
			lines: `one\n${secret}\u0000${secret}`,
			[secret]: [secret],
		};
		const part = {
			user: secret,
			tags: [secret],
			metadata: { user_id: secret },
			litellm_metadata: { spend_logs_metadata },
		};
		const entry = await entryOf("/v1/messages", part, headers);
		const name = `sk-...${secret.slice(-4)}`;
		expect(entry).toMatchObject({
			endUser: name,
			agentId: name,
			sessionId: `session of ${name}`,
			userAgent: `tool/1.0 (${name})`,
		});
		expect(entry.tags).toContain(name);
		expect(toText(entry)).not.toContain(secret.slice(3));
	},
);

test("in the path, and as a model", async () => {
	const name = `sk-...${made.key.slice(-4)}`;
	const inPath = await entryOf(`/v1/models/${made.key}`, {});
	expect(inPath.path).toBe(`/v1/models/${name}`);
	const asModel = await entryOf("/v1/messages", { model: made.key });
	expect(asModel.requestedModel).toBe(name);
});

test("what only begins like a key stays as it is", async () => {
	const tags = ["sk-learn", `sk-${"x".repeat(42)}`, `task-${"y".repeat(43)}`];
	expect((await entryOf("/v1/messages", { tags })).tags).toEqual(tags);
});
