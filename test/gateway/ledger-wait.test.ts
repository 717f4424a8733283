/** Whoever has seen the end of a reply can find it on the ledger; nothing before the end waits for that. */
import { afterEach, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig, send } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { openPostgres, type Postgres } from "../postgres.ts";

const programs = needs.postgres();
const limitMs = 60_000;
/** Long enough that what does not wait would have come. */
const waitMs = 400;

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** On a server that can be frozen, so that nothing is committed. */
async function open(): Promise<{ postgres: Postgres; rig: LedgerRig }> {
	const postgres = await openPostgres();
	cleanUp.push(postgres.stop);
	const rig = await openLedgerRig({ postgres });
	cleanUp.push(rig.stop);
	return { postgres, rig };
}

/** Reads until the text is there, which may be the end; rejects where the reply breaks off. */
function openReader(reply: Response) {
	const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
	const decoder = new TextDecoder();
	let seen = "";
	return {
		seen: () => seen,
		until: async (text: string) => {
			while (!seen.includes(text)) {
				const { done, value } = await reader.read();
				if (done) throw new Error(`it ended without ${text}: ${seen}`);
				seen += decoder.decode(value, { stream: true });
			}
		},
	};
}

const slowStream = {
	body: { stream: true },
	script: { repeat_events: 8, event_delay_ms: 40 },
};

const later = () => Bun.sleep(waitMs).then(() => "nothing came");

describe.skipIf(programs === null)("while nothing is committed", () => {
	test(
		"a stream comes as far as its last event, which waits",
		async () => {
			const { postgres, rig } = await open();
			const reply = await send(rig.url, slowStream);
			const reader = openReader(reply);
			await reader.until("content_block_start");
			postgres.pause();
			await reader.until("message_delta");
			const end = reader.until("message_stop").then(() => "its end came");
			expect(await Promise.race([end, later()])).toBe("nothing came");
			expect(reader.seen()).not.toContain("message_stop");
			postgres.resume();
			expect(await end).toBe("its end came");
			const id = reply.headers.get("x-litellm-call-id");
			// At once: it was there before the end was.
			expect(
				await rig.read(`SELECT state FROM @entries WHERE id = '${id}'`),
			).toEqual([["exact"]]);
		},
		limitMs,
	);

	test(
		"a plain reply waits whole",
		async () => {
			const { postgres, rig } = await open();
			const { record } = rig.simulator;
			const replying = send(rig.url, { script: { delay_ms: 200 } });
			await record.waitUntil(() => record.open() > 0);
			postgres.pause();
			await record.waitUntil(() => record.open() === 0);
			const headed = replying.then(() => "its head came");
			expect(await Promise.race([headed, later()])).toBe("nothing came");
			postgres.resume();
			const id = (await replying).headers.get("x-litellm-call-id");
			expect(
				await rig.read(`SELECT state FROM @entries WHERE id = '${id}'`),
			).toEqual([["exact"]]);
		},
		limitMs,
	);

	test(
		"the ledger does not come back: after five seconds the reply ends without its last event, and the log has the Entry",
		async () => {
			const { postgres, rig } = await open();
			const reply = await send(rig.url, slowStream);
			const reader = openReader(reply);
			await reader.until("content_block_start");
			await postgres.kill();
			await expect(reader.until("message_stop")).rejects.toThrow();
			expect(reader.seen()).toContain("message_delta");
			const id = reply.headers.get("x-litellm-call-id");
			const line = await rig.gateway.waitForLine(
				({ event }) => event === "entry_lost",
			);
			expect(line.entry).toMatchObject({ id, state: "exact", end: "done" });
			await postgres.start();
		},
		limitMs,
	);
});
