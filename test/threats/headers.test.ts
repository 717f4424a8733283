/** Whoever breaks a line or a header with what they send (T-10): one call is one line, and nothing comes back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { sendRaw } from "../raw.ts";
import type { LogLine } from "../rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-headers-0123456789";
let rig: LedgerRig;
let key: string;
const { ask, make, manage } = openCallers(() => rig.url, masterKey);

beforeAll(async () => {
	rig = await openLedgerRig({ env: { TOLLWAY_MASTER_KEY: masterKey } });
	key = (await make()).key;
});
afterAll(() => rig.stop());

const text =
	'{"model":"claude-haiku-4-5","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}';

/** A call with one more header, its bytes as they are given. */
const sendWith = (header: string) =>
	sendRaw(
		rig.url,
		Buffer.from(
			[
				"POST /v1/messages HTTP/1.1",
				`Host: ${new URL(rig.url).host}`,
				`x-api-key: ${key}`,
				header,
				"content-type: application/json",
				`content-length: ${text.length}`,
				"",
				text,
			].join("\r\n"),
			"latin1",
		),
	);

const names = [
	"x-litellm-tags",
	"x-litellm-customer-id",
	"x-litellm-trace-id",
	"x-litellm-spend-logs-metadata",
	"x-claude-code-session-id",
	"x-request-id",
	"user-agent",
	"anthropic-beta",
	"x-api-key2",
];

describe("a header value", () => {
	const refused: Record<string, string> = {
		NUL: "a\0b",
		"NUL at its end": "a\0",
		"a bare line feed and a header": "a\nx-evil: 1",
		"a bare carriage return": "a\rb",
		"a carriage return and a header": "a\rx-evil: 1",
	};
	for (const [name, value] of Object.entries(refused)) {
		test(`with ${name} makes no header of its own, here or upstream`, async () => {
			for (const header of names) {
				rig.simulator.record.clear();
				const { status, text: answer } = await sendWith(`${header}: ${value}`);
				expect(answer.toLowerCase()).not.toContain("x-evil");
				const reached = rig.simulator.record.all();
				const sent = reached.flatMap((one) => one.received.rawHeaders);
				expect(sent.map((one) => one.toLowerCase())).not.toContain("x-evil");
				expect(sent.join("")).not.toMatch(/[\0\r\n]/);
				if (status !== 200) expect(reached).toEqual([]);
			}
			expect((await fetch(`${rig.url}/readyz`)).status).toBe(200);
		});
	}

	const odd: Record<string, string> = {
		"a tab": "a\tb",
		"an escape sequence": "a\x1b[2Jb",
		"a bell": "a\x07b",
		DEL: "a\x7fb",
		"a line break of Latin-1": "a\x85b",
		"line breaks as escapes": "a%0d%0ax-evil:%201",
		"line breaks as text": "a\\r\\nx-evil: 1",
		"a line of the log": '","event":"call","status":200,"x":"',
		"UTF-8 that reorders": Buffer.from("a\u202eb\u2028c").toString("latin1"),
		"broken UTF-8": "a\xe2\x28b",
		"eight thousand characters": "a".repeat(8_000),
	};
	for (const [name, value] of Object.entries(odd)) {
		test(`with ${name} is a label, or nothing`, async () => {
			for (const header of names) {
				const sent = await sendWith(`${header}: ${value}`);
				expect([200, 400]).toContain(sent.status ?? 0);
			}
			for (const entry of await rig.entries()) {
				const { tags, endUser, sessionId, userAgent } = entry;
				const labels = [...tags, endUser, sessionId, userAgent].join("");
				expect(labels).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
			}
		});
	}
});

describe("an id of the client's", () => {
	const ids = [
		"client-chosen-id",
		"01a22e64-0000-7000-8000-000000000000",
		"req_011CSHoEeqs5C35K2UUqR7Fy",
		"a%0d%0aset-cookie:%20x=1",
		"<script>alert(1)</script>",
		"x".repeat(1_000),
	];
	const headers = [
		"x-request-id",
		"request-id",
		"x-litellm-call-id",
		"x-litellm-trace-id",
		"x-correlation-id",
		"traceparent",
	];
	test.each(ids)(
		"%j comes back in no header, of success or refusal",
		async (id) => {
			const sent = Object.fromEntries(headers.map((name) => [name, id]));
			const rows: [string, string | undefined, string][] = [
				["/v1/messages", key, "ours"],
				["/v1/messages", undefined, "ours"],
				["/v1/messages", "sk-unknown-0123456789", "ours"],
				["/nowhere", key, "ours"],
				["/key/list", masterKey, "none"],
				["/key/info?key=x", masterKey, "ours"],
			];
			for (const [path, as, whose] of rows) {
				const answer = await ask(path, {
					headers: sent,
					...(as !== undefined && { key: as }),
				});
				for (const [name, value] of answer.headers) {
					expect([name, value.includes(id)]).toEqual([name, false]);
				}
				if (whose === "ours") {
					expect(answer.headers.get("x-litellm-call-id")).toMatch(
						/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
					);
				}
			}
		},
	);
});

test("every call is one line of the log, whatever stands in it", async () => {
	const { key: mine } = await make();
	const hostile = [
		'x\n{"event":"call","status":200,"cost":"0"}',
		"x\r\nevent: call",
		"x\u2028y\u2029z",
		"\u001b[31mred\u001b[0m",
		"\u202egnol",
		"\0",
		"\\n\\r",
		'"},{"event":"call"}',
		"\ud800",
	];
	/** Resolves when the line of this call, and so of all before it, has come. */
	const lastLine = async () => {
		const { headers } = await ask("/v1/messages", { key: mine });
		const id = headers.get("x-litellm-call-id");
		await rig.gateway.waitForLine((line) => line.call_id === id);
		return countCalls(rig.gateway.lines);
	};
	const before = await lastLine();
	let calls = 0;
	for (const one of hostile) {
		const asked = [
			{ model: one },
			{ user: one, tags: [one], metadata: { user_id: one } },
			{ litellm_metadata: { spend_logs_metadata: { [one]: one } } },
		];
		for (const part of asked) {
			const messages = [{ role: "user", content: "hi" }];
			const usual = { model: "claude-haiku-4-5", max_tokens: 1, messages };
			await ask("/v1/messages", { key: mine, body: { ...usual, ...part } });
			calls += 1;
		}
		const path = encodeURIComponent(one.toWellFormed());
		await ask(`/v1/models/${path}`, { key: mine });
		// A path with a control character or a backslash is refused before it is a call.
		calls += /%(?:0|1|5c|7f)/i.test(path) ? 0 : 1;
	}
	expect((await lastLine()) - before).toBe(calls + 1);
	for (const line of rig.gateway.lines) {
		expect(["start", "call", "log"]).toContain(line.event);
	}
});

const countCalls = (lines: readonly LogLine[]) =>
	lines.filter(({ event }) => event === "call").length;

test("a management path with an encoded line break is refused", async () => {
	for (const path of ["/key/a%0d%0ab/regenerate", "/key/%00/regenerate"]) {
		expect((await manage(path, {})).status).toBe(400);
	}
});
