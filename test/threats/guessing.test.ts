/** Whoever guesses at keys (T-30, T-31): slowed down, told nothing, and in nobody's way. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openRig, type Rig } from "../rig.ts";
import { type Answer, openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-guessed-0123456789";
const limit = 20;

let rig: Rig;
const { ask, make } = openCallers(() => rig.url, masterKey);

beforeAll(async () => {
	rig = await openRig({
		env: {
			TOLLWAY_MASTER_KEY: masterKey,
			TOLLWAY_TRUSTED_PROXIES: "127.0.0.1,::1",
		},
	});
});
afterAll(() => rig.stop());

let guessed = 0;
const nextGuess = () => {
	guessed += 1;
	return `sk-guess-${String(guessed).padStart(12, "0")}`;
};

/** So many guesses of one address, on a route. */
async function guess(from: string, count: number, path = "/v1/messages") {
	const answers: Answer[] = [];
	for (let at = 0; at < count; at++) {
		const headers = { "x-forwarded-for": from };
		answers.push(await ask(path, { key: nextGuess(), headers }));
	}
	return answers;
}

const statuses = (answers: readonly Answer[]) =>
	answers.map(({ status }) => status);

describe("an address that guesses", () => {
	for (const path of ["/v1/messages", "/anthropic/v1/models", "/key/list"]) {
		test(`is told to wait after ${limit} unknown keys, at ${path}`, async () => {
			const from = `203.0.113.${path.length}`;
			const answers = await guess(from, limit + 30, path);
			expect(statuses(answers.slice(0, limit))).toEqual(Array(limit).fill(401));
			for (const { status, body, headers } of answers.slice(limit)) {
				expect(status).toBe(429);
				expect(body.error.type).toBe("rate_limit_error");
				expect(Number(headers.get("retry-after"))).toBeWithin(1, 61);
				expect(headers.get("x-should-retry")).toBe("false");
				expect(body.error.message).toContain("valid key");
			}
		});
	}

	test("is one address, whichever routes and headers it tries, health among them", async () => {
		const from = "203.0.113.77";
		const headers = { "x-forwarded-for": from };
		for (let at = 0; at < limit; at += 4) {
			await ask("/health/readiness", { key: nextGuess(), headers });
			await ask("/key/info", { key: nextGuess(), headers });
			await ask("/v1/models", {
				headers: { ...headers, "x-api-key": nextGuess() },
			});
			await ask("/spend/logs", {
				headers: { ...headers, "x-litellm-api-key": nextGuess() },
			});
		}
		expect(statuses(await guess(from, 2))).toEqual([429, 429]);
		// A probe with a wrong key is a stranger's, and must hear how it is.
		const probe = { key: nextGuess(), headers };
		expect(await ask("/health/readiness", probe)).toMatchObject({
			status: 200,
			body: { status: "healthy" },
		});
	});

	test("locks nobody out behind the same address: valid keys work, others hear what is wrong with theirs", async () => {
		const from = "203.0.113.99";
		const headers = { "x-forwarded-for": from };
		const { key } = await make();
		const blocked = await make({ blocked: true });
		expect(statuses(await guess(from, limit + 5)).at(-1)).toBe(429);
		for (const one of [key, masterKey]) {
			expect((await ask("/v1/messages", { key: one, headers })).status).toBe(
				200,
			);
		}
		expect((await ask("/key/info", { key, headers })).status).toBe(200);
		const list = await ask("/key/list", { key: masterKey, headers });
		expect(list.status).toBe(200);
		const said = await ask("/v1/messages", { key: blocked.key, headers });
		expect(said.body.error.message).toContain("is blocked");
		const nothing = await ask("/v1/messages", { headers });
		expect(nothing.body.error.message).toContain("No gateway key was sent");
		// And the guesses are still told to wait.
		expect(statuses(await guess(from, 1))).toEqual([429]);
	});

	test("leaves no other address waiting, and has a whole /64 of IPv6", async () => {
		await guess("2001:db8:7:7::1", limit);
		const [next] = await guess("2001:db8:7:7:ffff::9", 1);
		const [other] = await guess("2001:db8:7:8::1", 1);
		expect([next?.status, other?.status]).toEqual([429, 401]);
	});

	test("cannot count for another by writing addresses in front of what the proxy saw", async () => {
		const victim = "198.51.100.7";
		await guess(`${victim}, 198.51.100.66`, limit + 1);
		expect(statuses(await guess(victim, 1))).toEqual([401]);
		expect(statuses(await guess("198.51.100.66", 1))).toEqual([429]);
	});
});

describe("what the answer tells", () => {
	const wrong: Record<string, string> = {
		"of a made key's form": `sk-${"A".repeat(43)}`,
		"shorter than any": "x",
		"without sk-": "correct-horse-battery-staple",
		"far too long": `sk-${"0123456789".repeat(300)}`,
		"the master key's beginning": masterKey.slice(0, -1),
		"the master key and more": `${masterKey}0`,
		"the master key in capitals": masterKey.toUpperCase(),
		"the name under which the master key is booked": "litellm_proxy_master_key",
		"a hash": "0".repeat(64),
		"blanks within": "sk-one two three",
		"Latin-1": "sk-\u00e9\u00e8",
		"only its prefix": "sk-",
	};

	test("is the same for every unknown key, whatever it looks like", async () => {
		const texts = new Set<string>();
		for (const [at, key] of Object.values(wrong).entries()) {
			const headers = { "x-forwarded-for": `192.0.2.${at}` };
			const answer = await ask("/v1/messages", { key, headers });
			texts.add(toComparable(answer));
		}
		expect([...texts]).toHaveLength(1);
		expect([...texts][0]).toContain("401");
	});

	test("is the same for the hash, the alias and the id of a key that is there", async () => {
		const made = await make({ key_alias: "sk-alias-of-a-key-0123456789" });
		const texts = new Set<string>();
		for (const key of [made.token, made.key_alias, made.key_name, "sk-no"]) {
			const headers = { "x-forwarded-for": "192.0.2.200" };
			for (const path of ["/v1/messages", "/key/info", "/key/health"]) {
				const answer = await ask(path, { key, headers });
				expect(answer.status).toBe(401);
				texts.add(answer.body.error.message);
			}
		}
		expect([...texts]).toHaveLength(1);
	});

	test("says so when a key is expired or blocked: who sends it has it", async () => {
		const blocked = await make({ blocked: true });
		const expired = await make({ duration: "1s" });
		await Bun.sleep(Date.parse(expired.expires) - Date.now() + 5);
		for (let at = 0; at < limit + 5; at++) {
			const headers = { "x-forwarded-for": "192.0.2.250" };
			const one = await ask("/v1/messages", { key: blocked.key, headers });
			const two = await ask("/v1/messages", { key: expired.key, headers });
			expect([one.status, two.status]).toEqual([401, 401]);
			expect(one.body.error.message).toContain("is blocked");
			expect(two.body.error.message).toContain("expired at");
		}
	});
});

/** All of it, but for what names this one call. */
function toComparable({ status, body, headers }: Answer): string {
	const { request_id: _, ...rest } = body;
	const own = ["date", "request-id", "x-litellm-call-id"];
	const others = [...headers].filter(([name]) => !own.includes(name));
	return JSON.stringify([status, rest, others.sort()]);
}

test("a thousand guesses write twenty lines and one with their number", async () => {
	const other = await openRig({ env: { TOLLWAY_MASTER_KEY: masterKey } });
	const { ask: askOther } = openCallers(() => other.url, masterKey);
	const guesses = 1_000;
	for (let at = 0; at < guesses; at++) {
		await askOther("/v1/messages", { key: nextGuess() });
	}
	await other.gateway.stop("SIGTERM");
	const { lines } = other.gateway;
	const calls = lines.filter(({ event }) => event === "call");
	expect(calls).toHaveLength(limit);
	const told = lines.filter(({ logger }) => logger === "tollway.gateway");
	expect(told).toHaveLength(1);
	expect(told[0]?.properties).toEqual({
		calls: guesses - limit,
		from: "127.0.0.1",
	});
	await other.stop();
});
