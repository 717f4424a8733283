/** Whoever may use one model and wants another (T-19). */
import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { gzipSync } from "node:zlib";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-models-0123456789";
const allowed = "claude-haiku-4-5";
const wanted = "claude-opus-5";

let rig: LedgerRig;
let key: string;
const { ask, make } = openCallers(() => rig.url, masterKey);

beforeAll(async () => {
	rig = await openLedgerRig({ env: { TOLLWAY_MASTER_KEY: masterKey } });
	key = (await make({ models: [allowed] })).key;
});
afterAll(() => rig.stop());
beforeEach(() => rig.simulator.record.clear());

const body = (part: object = {}) => ({
	model: allowed,
	max_tokens: 8,
	messages: [{ role: "user", content: "hi" }],
	...part,
});

const paths = [
	"/v1/messages",
	"/anthropic/v1/messages",
	"/anthropic/messages",
	"/v1/v1/messages",
	"/v1/messages/count_tokens",
	"/v1/chat/completions",
];

const requireRefused = async (
	path: string,
	sent: unknown,
	statuses = [403],
) => {
	const { status, text } = await ask(path, { key, body: sent });
	expect([path, statuses.includes(status) ? "refused" : text]).toEqual([
		path,
		"refused",
	]);
	expect(rig.simulator.record.all()).toEqual([]);
};

test("the allowed model works, with LiteLLM's prefix too", async () => {
	for (const model of [allowed, `anthropic/${allowed}`]) {
		expect(
			(await ask("/v1/messages", { key, body: body({ model }) })).status,
		).not.toBe(403);
	}
});

describe("another name for the same thing", () => {
	const names: Record<string, unknown> = {
		"the model itself": wanted,
		"in capitals": allowed.toUpperCase(),
		"one capital": "Claude-haiku-4-5",
		"a blank in front": ` ${allowed}`,
		"a blank behind": `${allowed} `,
		"a line behind": `${allowed}\n`,
		"NUL behind": `${allowed}\0`,
		"NUL and another": `${allowed}\0${wanted}`,
		"a Cyrillic letter": allowed.replace("a", "\u0430"),
		"full width": allowed.replace("c", "\uff43"),
		"a zero-width blank": `${allowed}\u200b`,
		"a soft hyphen": allowed.replace("-", "\u00ad-"),
		"a non-breaking hyphen": allowed.replace("-", "\u2011"),
		"letters from right to left": `\u202e${allowed}`,
		"a combining mark": `${allowed}\u0301`,
		"a wildcard": "*",
		"a wildcard within": "claude-*",
		"the special name for all": "all-proxy-models",
		"the prefix twice": `anthropic/anthropic/${allowed}`,
		"another prefix": `bedrock/${allowed}`,
		"the prefix and the model": `anthropic/${wanted}`,
		"a path": `${allowed}/../${wanted}`,
		both: `${allowed},${wanted}`,
		"a longer name": `${allowed}-20260101`,
		"a shorter name": allowed.slice(0, -1),
		empty: "",
		none: undefined,
		null: null,
	};
	for (const [name, model] of Object.entries(names)) {
		test(name, async () => {
			for (const path of paths) await requireRefused(path, body({ model }));
		});
	}
	test.each([[[allowed, wanted]], [{ id: wanted }], [7], [true]])(
		"no text at all: %j",
		async (model) => {
			for (const path of paths) {
				await requireRefused(path, body({ model }), [400, 403]);
			}
		},
	);
});

describe("a second place that names a model", () => {
	const advisor = { type: "advisor_20260301", name: "advisor", model: wanted };
	const slots: Record<string, object> = {
		"a fallback": { fallbacks: [{ model: wanted }] },
		"the last of many fallbacks": {
			fallbacks: [...Array(9).fill({ model: allowed }), { model: wanted }],
		},
		"a fallback that is no list": { fallbacks: { model: wanted } },
		"the fallbacks that upstream chooses": { fallbacks: "default" },
		"an advisor": { tools: [advisor] },
		"an advisor behind other tools": {
			tools: [{ name: "f", input_schema: {} }, advisor],
		},
		"an advisor that a message adds": {
			messages: [
				{
					role: "user",
					content: [
						{
							type: "tool_changes",
							tool_changes: [{ tool: { definition: advisor } }],
						},
					],
				},
			],
		},
	};
	for (const [name, part] of Object.entries(slots)) {
		test(name, () => requireRefused("/v1/messages", body(part), [400, 403]));
	}
});

describe("a body that two parsers read in two ways", () => {
	const of = (text: string) =>
		text.replaceAll("W", wanted).replaceAll("A", allowed);
	const rest = `"max_tokens":8,"messages":[{"role":"user","content":"hi"}]`;
	const bodies: Record<string, string> = {
		"the model twice, allowed first": `{"model":"A",${rest},"model":"W"}`,
		"the model twice, allowed last": `{"model":"W","model":"A",${rest}}`,
		"the name escaped, as a second one": `{"model":"A","mod\\u0065l":"W",${rest}}`,
		"only the name escaped": `{"\\u006dodel":"W",${rest}}`,
		"the value escaped": `{"model":"\\u0063laude-opus-5",${rest}}`,
		"fallbacks twice": `{"model":"A",${rest},"fallbacks":[],"fallbacks":[{"model":"W"}]}`,
		"a fallback's model twice": `{"model":"A",${rest},"fallbacks":[{"model":"A","model":"W"}]}`,
		"the name in capitals beside it": `{"Model":"A","model":"W",${rest}}`,
		"a prototype's": `{"__proto__":{"model":"A"},"model":"W",${rest}}`,
		"only a prototype's": `{"__proto__":{"model":"A"},${rest}}`,
		"a mark in front": `\ufeff{"model":"W",${rest}}`,
		"two bodies": `{"model":"A",${rest}}{"model":"W",${rest}}`,
		"lines of JSON": `{"model":"A",${rest}}\n{"model":"W",${rest}}`,
		"a list of bodies": `[{"model":"W",${rest}}]`,
		"a comment": `{"model":"A"/*","x":"*/,"model":"W",${rest}}`,
		"a comma too many": `{"model":"W",${rest},}`,
		"single quotes": `{'model':'W',${rest}}`,
		"a form": "model=W&max_tokens=8",
	};
	for (const [name, text] of Object.entries(bodies)) {
		test(name, () => requireRefused("/v1/messages", of(text), [400, 403]));
	}

	test("UTF-16, whatever the type says", async () => {
		const text = Buffer.from(
			JSON.stringify(body({ model: wanted })),
			"utf16le",
		);
		for (const charset of ["utf-16", "utf-16le", "utf-8"]) {
			const reply = await fetch(`${rig.url}/v1/messages`, {
				method: "POST",
				headers: {
					authorization: `Bearer ${key}`,
					"content-type": `application/json; charset=${charset}`,
				},
				body: text,
			});
			expect(reply.status).toBe(400);
		}
		expect(rig.simulator.record.all()).toEqual([]);
	});

	test("compressed, once or twice, or said to be what it is not", async () => {
		const plain = Buffer.from(JSON.stringify(body({ model: wanted })));
		const rows: [string, Uint8Array, number[]][] = [
			["gzip", gzipSync(plain), [403]],
			["GZIP", gzipSync(plain), [403]],
			["gzip, gzip", gzipSync(gzipSync(plain)), [403, 415]],
			["identity", plain, [403]],
			["br", gzipSync(plain), [400]],
			["x-unknown", plain, [415]],
			["gzip", plain, [400]],
		];
		for (const [encoding, bytes, statuses] of rows) {
			const reply = await fetch(`${rig.url}/v1/messages`, {
				method: "POST",
				headers: {
					authorization: `Bearer ${key}`,
					"content-type": "application/json",
					"content-encoding": encoding,
				},
				body: bytes as Uint8Array<ArrayBuffer>,
			});
			expect([encoding, statuses]).toEqual([
				encoding,
				expect.arrayContaining([reply.status]),
			]);
		}
		expect(rig.simulator.record.all()).toEqual([]);
	});
});

describe("a place outside the body", () => {
	const denied = body({ model: wanted });
	test.each([
		`?model=${allowed}`,
		`?model=${allowed}&model=${wanted}`,
		`?beta=true#model=${allowed}`,
	])("the query %s does not allow what the body asks for", (query) =>
		requireRefused(`/v1/messages${query}`, denied),
	);

	test.each([
		"x-model",
		"anthropic-model",
		"x-litellm-model",
		"x-litellm-model-id",
		"x-litellm-model-group",
		"x-http-method-override",
	])("the header %s does not either", async (name) => {
		const headers = { [name]: allowed };
		const { status } = await ask("/v1/messages", {
			key,
			body: denied,
			headers,
		});
		expect(status).toBe(403);
		expect(rig.simulator.record.all()).toEqual([]);
	});

	test("the model in the query does not go by what the body says", async () => {
		// What upstream makes of the query is its own; the price is that of the model it says it used.
		const path = `/v1/messages?model=${wanted}`;
		const { headers } = await ask(path, { key, body: body() });
		const entry = await rig.entryOf(headers.get("x-litellm-call-id"));
		expect(entry.requestedModel).toBe(allowed);
		expect(entry.servedModel).toContain("haiku");
	});
});

describe("a path whose body nobody looks at", () => {
	const unread = [
		"/v1/complete",
		"/v1/messages/",
		"/v1/messages/other",
		"/v1/Messages",
		"/v1/chat/completions/",
		"/v1/chat",
		"/v2/messages",
		"/anthropic/v1/responses",
		"/anthropic/anything",
	];
	test.each(unread)(
		"%s is closed to a key that is kept to models",
		async (path) => {
			const method = "POST";
			const sent = { key, method, body: body({ model: wanted }) };
			const { status } = await ask(path, sent);
			expect([403, 404]).toContain(status);
			expect(rig.simulator.record.all()).toEqual([]);
		},
	);

	test("is open to others, and to a key that names it", async () => {
		const free = await make();
		const all = await make({ models: ["all-proxy-models"] });
		const named = await make({
			models: [allowed],
			allowed_routes: ["/v1/complete"],
		});
		for (const one of [free, all, named]) {
			const { status } = await ask("/v1/complete", { key: one.key });
			expect(status).not.toBe(403);
		}
		expect(rig.simulator.record.all()).toHaveLength(3);
	});

	test("batches of models it may not use are closed to it", () =>
		requireRefused("/v1/messages/batches", {
			requests: [{ custom_id: "a", params: body({ model: wanted }) }],
		}));
});

test("every refusal stands on the ledger as one", async () => {
	const { headers } = await ask("/v1/messages", {
		key,
		body: body({ model: wanted }),
	});
	expect(await rig.entryOf(headers.get("x-litellm-call-id"))).toMatchObject({
		end: "refused:model_not_allowed",
		cost: 0n,
		requestedModel: wanted,
	});
});
