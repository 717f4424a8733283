/** The database takes nothing for a while: what becomes of calls, and that all of it is recorded in the end. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { noticeMark } from "../needs.ts";
import type { GatewayProcess, LogLine } from "../rig.ts";
import {
	type Calls,
	canFail,
	type Failure,
	openCalls,
} from "./failing-disk.ts";
import { callPaid, readReady, until } from "./paid-call.ts";

const limitMs = 60_000;
const sentence = "cannot write to its ledger at the moment";
const wal = "tollway.db-wal";
const journal = "tollway.db.journal";

if (!canFail)
	console.error(`${noticeMark}failing disks: they take Linux and a C compiler`);

/** A test on a data folder of its own, at the same time as the others. */
function trial(
	name: string,
	run: (calls: Calls) => Promise<void>,
	can = canFail,
): void {
	test.concurrent.skipIf(!can)(
		name,
		async () => {
			const calls = await openCalls();
			try {
				await run(calls);
			} finally {
				await calls.stop();
			}
		},
		limitMs,
	);
}

/** Resolves once new calls that cost money are refused as they should be. */
async function untilRefused(gateway: GatewayProcess): Promise<void> {
	await until(async () => (await callPaid(gateway.url)).status === 503);
	const { status, retryAfter, text } = await callPaid(gateway.url);
	expect(status).toBe(503);
	expect(Number(retryAfter)).toBeGreaterThan(0);
	expect(text).toContain(sentence);
	expect(await readReady(gateway.url)).toBe(503);
}

/** Without a restart. */
async function untilServed(gateway: GatewayProcess): Promise<void> {
	await until(async () => (await readReady(gateway.url)) === 200);
	expect((await callPaid(gateway.url)).status).toBe(200);
}

/** The line that tells the operator. */
const tells =
	(fault: string) =>
	({ properties }: LogLine) =>
		(properties as { fault?: string } | undefined)?.fault === fault;

const recorded = (calls: Calls, ids: readonly string[]) =>
	until(() => {
		const entries = calls.readEntries();
		return ids.every((id) => entries.get(id)?.state === "exact");
	});

trial(
	"another process holds the write lock: calls go on from the journal until it is told, then are refused; afterwards all is recorded",
	async (calls) => {
		const gateway = await calls.start();
		const other = new Database(join(calls.dataDir, "tollway.db"));
		other.run("BEGIN IMMEDIATE");
		const ids: string[] = [];
		await until(async () => {
			const { status, id } = await callPaid(gateway.url);
			if (status === 200) ids.push(id);
			return status === 503;
		});
		expect(ids.length).toBeGreaterThan(5);
		await untilRefused(gateway);
		other.run("ROLLBACK");
		other.close();
		await untilServed(gateway);
		await recorded(calls, ids);
	},
	true,
);

const failures: readonly (readonly [name: string, Failure])[] = [
	["the disk is full", { calls: "w", file: wal, errno: "ENOSPC" }],
	[
		"the file system became read-only",
		{ calls: "w", file: wal, errno: "EROFS" },
	],
	["writes fail", { calls: "w", file: wal, errno: "EIO" }],
	["the database cannot be synced", { calls: "s", file: wal, errno: "EIO" }],
];

for (const [name, failure] of failures) {
	trial(
		`${name}: streams end whole, new calls are refused, and all is recorded without a restart`,
		async (calls) => {
			const gateway = await calls.start();
			const first = await callPaid(gateway.url);
			const streams = [40, 60, 80].map((eventDelayMs) =>
				callPaid(gateway.url, { stream: true, eventDelayMs }),
			);
			calls.fail(failure);
			await callPaid(gateway.url);
			await untilRefused(gateway);
			const ended = await Promise.all(streams);
			for (const { text, whole } of ended) {
				expect(text).toContain("message_stop");
				expect(whole).toBe(true);
			}
			calls.fail(null);
			await untilServed(gateway);
			await recorded(calls, [first.id, ...ended.map(({ id }) => id)]);
		},
	);
}

trial(
	"a sync of the journal fails once: the reply comes when the database has it, and a new journal is begun",
	async (calls) => {
		const gateway = await calls.start();
		calls.fail({ calls: "s", file: journal, errno: "EIO", times: 1 });
		const { status, id } = await callPaid(gateway.url);
		expect(status).toBe(200);
		expect(calls.readEntries().get(id)?.state).toBe("exact");
		await gateway.waitForLine(tells("io"));
		await untilServed(gateway);
		const after = await callPaid(gateway.url);
		await gateway.stop("SIGKILL");
		calls.fail(null);
		await calls.start();
		await recorded(calls, [id, after.id]);
	},
);

trial(
	"nobody can take an Entry: it goes to stderr, and no reply says that all is well",
	async (calls) => {
		const gateway = await calls.start();
		const stream = callPaid(gateway.url, { stream: true, eventDelayMs: 20 });
		await until(() => calls.simulator.record.open() === 1);
		calls.fail({ calls: "ws", file: "tollway.db", errno: "EIO" });
		const { text, whole, id } = await stream;
		expect(text).toContain("content_block_delta");
		expect(text).not.toContain("message_stop");
		expect(whole).toBe(false);
		const line = await gateway.waitForLine(
			({ event }) => event === "entry_lost",
		);
		const entry = line.entry as { id: string; cost: number };
		expect(entry.id).toBe(id);
		expect(entry.cost).toBeGreaterThan(0);
	},
);

trial(
	"TOLLWAY_LEDGER_DOWN=serve: calls go on up to the limit, and again after the database has caught up",
	async (calls) => {
		const gateway = await calls.start({
			TOLLWAY_LEDGER_DOWN: "serve",
			TOLLWAY_LEDGER_DOWN_LIMIT: "0.01",
		});
		calls.fail({ calls: "w", file: wal, errno: "ENOSPC" });
		await callPaid(gateway.url);
		await gateway.waitForLine(tells("full"));
		const ids: string[] = [];
		await until(async () => {
			const { status, id } = await callPaid(gateway.url);
			if (status === 200) ids.push(id);
			return status === 503;
		});
		expect(ids.length).toBeGreaterThan(1);
		calls.fail(null);
		await untilServed(gateway);
		await recorded(calls, ids);
	},
);
