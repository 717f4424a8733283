/** The search for secrets that every rig ends with (T-08, T-32, T-33): it finds one wherever it is planted. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exchange } from "../../src/simulator/record.ts";
import {
	findIn,
	findInExchanges,
	findInFolder,
	findInLines,
	toCanaries,
} from "../canaries.ts";
import { openLedgerRig } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openRig } from "../rig.ts";

const masterKey = "sk-planted-master-0123456789";
const upstreamKey = "sk-ant-api03-planted-upstream-0123456789";
const password = "planted-password-0123";
const madeKey = `sk-${"aB3-_".repeat(8)}xyz`;
const canaries = toCanaries({
	TOLLWAY_MASTER_KEY: masterKey,
	ANTHROPIC_API_KEY: upstreamKey,
	DATABASE_URL: `postgresql://tollway:${password}@127.0.0.1/x`,
});

const planted: [string, string][] = [
	["TOLLWAY_MASTER_KEY", masterKey],
	["ANTHROPIC_API_KEY", upstreamKey],
	["the password in DATABASE_URL", password],
	["a key that was made", madeKey],
];

const folders: string[] = [];
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true });
});

function openFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "tollway-canaries-"));
	folders.push(folder);
	return folder;
}

interface Received {
	readonly headers?: readonly string[];
	readonly target?: string;
	readonly body?: string;
}

const toExchange = ({ headers = [], target = "/", body = "" }: Received) =>
	({
		received: {
			rawHeaders: headers,
			target,
			body: { bytes: Buffer.from(body) },
		},
	}) as unknown as Exchange;

const ofUpstream = (received: Received) =>
	findInExchanges([toExchange(received)], canaries);

describe.each(planted)("%s", (name, value) => {
	test.each(["tollway.db", "tollway.db-wal", "deep/er/journal-1"])(
		"in the file %s, between other bytes",
		(file) => {
			const folder = openFolder();
			mkdirSync(join(folder, file, ".."), { recursive: true });
			const bytes = Buffer.alloc(3_000_000);
			bytes.write(value, 2_000_000);
			writeFileSync(join(folder, file), bytes);
			const [only, ...more] = findInFolder(folder, canaries);
			expect(only).toContain(name);
			expect(only).toContain(file);
			expect(only).not.toContain(value);
			expect(more).toEqual([]);
		},
	);

	test("in a line of the log, however deep", () => {
		const line = { event: "log", properties: { headers: [`Bearer ${value}`] } };
		expect(findInLines([{}, line], canaries)).toEqual([
			`${name} is in the log`,
		]);
	});

	test("in what upstream got", () => {
		const found = [
			ofUpstream({ headers: ["X-Other", value] }),
			ofUpstream({ headers: [value, "x"] }),
			ofUpstream({ target: `/v1/messages?key=${value}` }),
			ofUpstream({ body: `{"litellm_metadata":"${value}"}` }),
		];
		for (const [only, ...more] of found) {
			expect(only).toStartWith(`${name} is in `);
			expect(more).toEqual([]);
		}
	});

	test("in an answer", () => {
		const answer = JSON.stringify({ error: { message: `no: ${value}` } });
		expect(findIn("an answer", answer, canaries)).toEqual([
			`${name} is in an answer`,
		]);
	});
});

test("the upstream key may be in its header, and no other secret in it", () => {
	for (const header of ["x-api-key", "Authorization"]) {
		expect(ofUpstream({ headers: [header, upstreamKey] })).toEqual([]);
		for (const value of [masterKey, madeKey]) {
			expect(ofUpstream({ headers: [header, value] })).toHaveLength(1);
		}
	}
});

test("names of keys, hashes and Anthropic's own are no secrets of ours", () => {
	const text = `sk-...aB3x ${"0".repeat(64)} sk-ant-api03-${"x".repeat(80)} task-${"y".repeat(43)} sk-short`;
	expect(findIn("a text", text, canaries)).toEqual([]);
});

/** What a test could do wrong, or a gateway, while a rig runs. */
describe("a rig that is stopped", () => {
	const env = { TOLLWAY_MASTER_KEY: masterKey };
	const folder = openFolder();

	test("says so of a file in its data folder", async () => {
		const rig = await openRig({ env: { ...env, TOLLWAY_DATA_DIR: folder } });
		writeFileSync(join(folder, "notes"), madeKey);
		expect(await toMessage(rig.stop())).toContain("the file /notes");
		rmSync(join(folder, "notes"));
	});

	test("says so of a line that was printed", async () => {
		const rig = await openRig({ env });
		(rig.gateway.lines as unknown[]).push({ event: "text", text: masterKey });
		expect(await toMessage(rig.stop())).toContain("is in the log");
	});

	test("says so of what upstream got, also when a test has cleared that away", async () => {
		for (const clears of [false, true]) {
			const rig = await openRig({ env: {} });
			await fetch(`${rig.url}/v1/models?after_id=${madeKey}`);
			if (clears) rig.simulator.record.clear();
			expect(await toMessage(rig.stop())).toContain(
				"a key that was made is in the address upstream got",
			);
		}
	});

	const postgres = needs.postgres();
	test.skipIf(!postgres)("says so of a table on a server", async () => {
		const rig = await openLedgerRig({ postgres: await sharePostgres() });
		const made = await fetch(`${rig.url}/key/generate`, {
			method: "POST",
			body: JSON.stringify({ metadata: { note: madeKey } }),
		});
		expect(made.status).toBe(200);
		expect(await toMessage(rig.stop())).toContain("a key that was made is in");
	});
});

const toMessage = (stopping: Promise<unknown>): Promise<string> =>
	stopping.then(
		() => "nothing was found",
		(error) => String(error),
	);
