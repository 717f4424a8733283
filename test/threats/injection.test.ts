/** Whoever puts SQL, wildcards or worse where a text belongs (T-01, T-42): it is a text, and nothing more. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { credentialHeaders } from "../../src/gateway/authenticate.ts";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-injected-0123456789";
let rig: LedgerRig;
const { ask, manage, make } = openCallers(() => rig.url, masterKey);

beforeAll(async () => {
	rig = await openLedgerRig({
		env: { TOLLWAY_MASTER_KEY: masterKey, TOLLWAY_AUTH_BACKOFF: "off" },
	});
});
afterAll(() => rig.stop());

const texts = [
	"' OR '1'='1",
	"' OR 1=1 --",
	"' OR ''='",
	'" OR ""="',
	"1 OR 1=1",
	"'; DROP TABLE objects; --",
	"'; DELETE FROM entries; --",
	"'); INSERT INTO objects VALUES ('key','x','x','{}'); --",
	"' UNION SELECT doc FROM objects --",
	"' UNION ALL SELECT NULL NULL NULL --",
	"x' AND (SELECT COUNT(*) FROM sqlite_master) > 0 --",
	"x' AND pg_sleep(5) --",
	"' || (SELECT hex(randomblob(1000000000))) || '",
	"'; ATTACH DATABASE '/tmp/x' AS x; --",
	"'; PRAGMA writable_schema=1; --",
	"\\' OR 1=1 --",
	"%27%20OR%201=1",
	"''''''''''",
	"`id`",
	"$(id)",
	"$" + "{7*7}",
	"{{7*7}}",
	'{"$gt":""}',
	"[$ne]=1",
	"../../../../etc/passwd",
	"*",
	"%",
	"%%%%%%%%",
	"_",
	"____________",
	"__proto__",
	"constructor",
	"toString",
	"null",
	"undefined",
	"true",
	"NaN",
	"-1",
	"0",
	"1e400",
	"sk-",
	"sk-' OR '1'='1",
	"sk-%",
	"litellm_proxy_master_key",
	"operator",
	"<script>alert(1)</script>",
	"=cmd|' /C calc'!A0",
	"\u00e9\u00e8'\u00ff",
	"a".repeat(500),
];

/** Ten thousand of them, by joining each to others. */
const tokens = Array.from({ length: 10_000 }, (_, at) => {
	const first = texts[at % texts.length] ?? "";
	const second = texts[Math.floor(at / texts.length) % texts.length] ?? "";
	return at < texts.length ? first : `${first}${at % 3 ? second : at}`;
});

const lanes = 16;
const inLanes = async <T>(
	all: readonly T[],
	run: (one: T) => Promise<void>,
) => {
	const left = [...all.entries()];
	await Promise.all(
		Array.from({ length: lanes }, async () => {
			for (let next = left.pop(); next; next = left.pop()) await run(next[1]);
		}),
	);
};

const objectsOf = (kind = "key") =>
	rig.read(
		`SELECT id, alias, doc FROM @objects WHERE kind = '${kind}' ORDER BY id`,
	);

async function expectIntact(keys: number) {
	expect(await rig.read("PRAGMA integrity_check")).toEqual([["ok"]]);
	expect(await objectsOf()).toHaveLength(keys);
	const tables = await rig.read(
		"SELECT name FROM sqlite_master WHERE type = 'table'",
	);
	for (const name of ["objects", "entries", "changes", "rollups"]) {
		expect(tables.flat()).toContain(name);
	}
	expect((await fetch(`${rig.url}/readyz`)).status).toBe(200);
}

test("ten thousand hostile tokens, in every header where a key may stand, open nothing", async () => {
	const before = (await objectsOf()).length;
	const seen = new Map<number, number>();
	await inLanes(tokens, async (token) => {
		const at = tokens.indexOf(token);
		const header = credentialHeaders[at % credentialHeaders.length] ?? "";
		const scheme = header === "authorization" && at % 2 ? "Bearer " : "";
		const paths = ["/v1/messages", "/key/list", "/key/info", "/spend/logs"];
		const path = paths[at % paths.length] ?? "";
		const { status } = await ask(path, {
			headers: { [header]: scheme + token },
		});
		seen.set(status, (seen.get(status) ?? 0) + 1);
	});
	expect([...seen.keys()].sort()).toEqual([400, 401]);
	expect(rig.simulator.record.all()).toEqual([]);
	await expectIntact(before);
}, 60_000);

/** Where the operator names something that may not be there. */
const questions = [
	"/key/info?key=",
	"/spend/logs?request_id=",
	"/spend/logs?api_key=",
	"/spend/logs?user_id=",
	"/customer/info?end_user_id=",
	"/end_user/info?end_user_id=",
	"/key/list?user_id=",
	"/key/list?team_id=",
	"/key/list?organization_id=",
	"/key/list?key_hash=",
	"/key/list?key_alias=",
	"/key/list?sort_by=",
	"/key/list?sort_order=",
	"/key/list?page=",
	"/key/list?size=",
	"/key/list?return_full_object=",
	"/spend/logs?start_date=2026-01-01&end_date=",
	"/spend/tags?start_date=",
];
const maxAnswerMs = 200;
const attempts = 3;

/** The operator's question, answered in time. What only a busy machine delays is in time when asked again. */
async function askInTime(path: string) {
	let bestMs = Number.POSITIVE_INFINITY;
	let answer = await manage(path);
	for (let at = 0; at < attempts && bestMs >= maxAnswerMs; at++) {
		const startMs = performance.now();
		answer = await manage(path);
		bestMs = Math.min(bestMs, performance.now() - startMs);
	}
	expect(bestMs).toBeLessThan(maxAnswerMs);
	return answer;
}

describe.each(questions)("%s", (question) => {
	test("takes a hostile text for what it is, and finds nothing, at once", async () => {
		const victim = await make({ user_id: "victim" });
		const empty = new Set(["[]", "0"]);
		for (const text of texts) {
			const answer = await askInTime(question + encodeURIComponent(text));
			expect([200, 400, 404]).toContain(answer.status);
			// Some answers say what was looked for.
			const quoted = JSON.stringify(text).slice(1, -1);
			const ours = answer.text.replaceAll(quoted, "");
			expect(ours).not.toMatch(/sqlite|syntax error|drizzle/i);
			const isChoice = /(?:sort_|page|size|return_|_date=)/.test(question);
			if (answer.status !== 200 || isChoice) continue;
			const { body } = answer;
			const found = Array.isArray(body) ? body : (body.keys ?? body);
			expect([text, empty.has(JSON.stringify(found))]).toEqual([text, true]);
			expect(answer.text).not.toContain(victim.token);
		}
		await manage("/key/delete", { keys: [victim.token] });
	});
});

/** Whole pages of a list that grew. */
describe("a list", () => {
	const literal = "100%_of\\'it";
	let tokens: string[];
	beforeAll(async () => {
		tokens = [];
		for (const alias of [literal, "100x_of\\'it", "%", "_", "100"]) {
			tokens.push((await make({ key_alias: alias, user_id: alias })).token);
		}
	});
	afterAll(() => manage("/key/delete", { keys: tokens }));

	test("finds by the very text, not by what a wildcard would match", async () => {
		for (const [text, at] of [
			[literal, 0],
			["%", 2],
			["_", 3],
		] as const) {
			const asked = encodeURIComponent(text);
			for (const field of ["key_alias", "user_id"]) {
				const { body } = await manage(`/key/list?${field}=${asked}`);
				expect(body.keys).toEqual([tokens[at]]);
			}
		}
	});

	test("gives no more than a page, and of pages that are not there none", async () => {
		const rows: [string, number][] = [
			["size=100", 200],
			["size=999999999", 400],
			["size=999999999999", 400],
			["size=-1", 400],
			["size=0x10", 400],
			["size=1e3", 400],
			["page=999999999", 200],
			["page=9007199254740993", 400],
			["sort_by=hash", 400],
			["sort_by=created_at;doc", 400],
			["sort_by=__proto__", 400],
			["sort_by=constructor", 400],
			["sort_order=desc,doc", 400],
		];
		for (const [query, status] of rows) {
			const answer = await askInTime(`/key/list?${query}`);
			expect([query, answer.status]).toEqual([query, status]);
			if (status === 200) expect(answer.body.keys.length).toBeLessThan(101);
		}
	});

	test("of spend is asked for a year at most, and by days that are some", async () => {
		const rows: [string, number][] = [
			["start_date=0001-01-01&end_date=9999-12-31", 400],
			["start_date=1970-01-01&end_date=2026-12-31", 400],
			["start_date=2026-01-01&end_date=2026-12-31", 200],
			["start_date=2026-02-30&end_date=2026-12-31", 400],
			["start_date=' OR 1=1&end_date=2026-12-31", 400],
		];
		for (const [query, status] of rows) {
			const answer = await askInTime(`/spend/logs?${query}`);
			expect([query, answer.status]).toEqual([query, status]);
		}
	});
});

describe("the operator's own hostile texts", () => {
	/** Fields that hold whatever text they are given. */
	const fields = [
		"key_alias",
		"user_id",
		"team_id",
		"organization_id",
	] as const;

	test("are kept as they are, in every field, and are found again", async () => {
		const before = (await objectsOf()).length;
		const made: string[] = [];
		for (const text of texts) {
			const given = Object.fromEntries(fields.map((name) => [name, text]));
			const { token } = await make({
				...given,
				models: [text],
				metadata: { [text]: text, nested: [text] },
				tags: [text],
			});
			made.push(token);
			const { body } = await manage(`/key/info?key=${token}`);
			expect(body.info).toMatchObject(given);
			expect(Object.entries(body.info.metadata)).toContainEqual(
				text === "__proto__" ? ["nested", [text]] : [text, text],
			);
			const asked = encodeURIComponent(text);
			const list = await manage(`/key/list?key_alias=${asked}`);
			expect(list.body.keys).toEqual([token]);
		}
		await expectIntact(before + made.length);
		// By alias, one after the other: each takes one key with it and no other.
		for (const [at, text] of texts.entries()) {
			const gone = await manage("/key/delete", { key_aliases: [text] });
			expect(gone.body.deleted_keys).toEqual([text]);
			expect(await objectsOf()).toHaveLength(before + texts.length - at - 1);
		}
		await expectIntact(before);
	}, 30_000);

	test("name no key that is not there, at any route that changes one", async () => {
		const { token } = await make();
		const before = await objectsOf();
		const names = texts.filter((text) => text !== token);
		for (const text of names) {
			const named = encodeURIComponent(text);
			const answers = [
				await manage("/key/update", { key: text, models: [] }),
				await manage("/key/block", { key: text }),
				await manage("/key/unblock", { key: text }),
				await manage("/key/delete", { keys: [text], key_aliases: [text] }),
				await manage("/key/regenerate", { key: text }),
				await manage(`/key/${named}/regenerate`, {}),
			];
			for (const { status } of answers) expect([400, 404]).toContain(status);
		}
		expect(await objectsOf()).toEqual(before);
		await manage("/key/delete", { keys: [token] });
	});

	test("with control characters are refused", async () => {
		const before = await objectsOf();
		for (const character of ["\0", "\n", "\r", "\u001b", "\u0085", "\u007f"]) {
			for (const name of fields) {
				const body = { [name]: `a${character}b` };
				const { status } = await manage("/key/generate", body);
				expect(status).toBe(400);
			}
		}
		expect(await objectsOf()).toEqual(before);
	});

	test("as bodies of the wrong shape are refused, and take nothing down", async () => {
		const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
		const bodies: unknown[] = [
			"",
			"null",
			"[]",
			'"text"',
			"7",
			"{",
			deep,
			`{"metadata":${deep}}`,
			'{"__proto__":{"blocked":true}}',
			'{"key_alias":{"$ne":null}}',
			'{"key_alias":["a"]}',
			'{"max_budget":1e400}',
			'{"max_budget":-1}',
			'{"max_budget":"1 OR 1=1"}',
			"{\"key\":\"sk-' OR '1'='1 -- x\"}",
		];
		const before = (await objectsOf()).length;
		for (const body of bodies) {
			const { status } = await manage("/key/generate", body);
			expect([String(body).slice(0, 40), status]).toEqual([
				String(body).slice(0, 40),
				400,
			]);
		}
		await expectIntact(before);
	});
});

test("labels of calls that look like SQL are labels", async () => {
	const { key } = await make();
	for (const text of texts) {
		const answer = await ask("/v1/messages", {
			key,
			body: {
				model: "claude-haiku-4-5",
				max_tokens: 1,
				messages: [{ role: "user", content: "hi" }],
				user: text,
				tags: [text],
			},
		});
		const entry = await rig.entryOf(answer.headers.get("x-litellm-call-id"));
		expect(entry.tags).toEqual([text.slice(0, 256)]);
		expect(entry.endUser).toBe(text.slice(0, 256));
		const asked = encodeURIComponent(text);
		const found = await manage(`/customer/info?end_user_id=${asked}`);
		expect(found.status).toBe(200);
	}
	await expectIntact((await objectsOf()).length);
}, 30_000);
