/** What the page's last command spent is told by the spend routes, within a second, by tag, by end user and by call. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { canRunPage, pagePort, runCommand } from "./run-page-command.ts";
import { metadataCommand, pageVariables } from "./seed-page.ts";

const runnable = await canRunPage();
const withinMs = 1_000;
const pollMs = 20;

let rig: LedgerRig;
beforeAll(async () => {
	if (!runnable) return;
	const env = { ...pageVariables, PORT: String(pagePort) };
	rig = await openLedgerRig({ env });
});
afterAll(() => rig?.stop());

type Row = Record<string, unknown>;

async function ask<T>(path: string): Promise<T> {
	const reply = await fetch(rig.url + path, {
		headers: { authorization: "Bearer sk-anything" },
	});
	expect(reply.status).toBe(200);
	return (await reply.json()) as T;
}

/** Asks until it is there, for a second from `sinceMs`. */
async function waitFor<T>(
	sinceMs: number,
	path: string,
	isThere: (seen: T) => boolean,
): Promise<T> {
	for (;;) {
		const seen = await ask<T>(path);
		if (isThere(seen)) return seen;
		if (performance.now() - sinceMs > withinMs) {
			throw new Error(`${path} after a second: ${JSON.stringify(seen)}`);
		}
		await Bun.sleep(pollMs);
	}
}

test.skipIf(!runnable)("tags, end user and call, within a second", async () => {
	const { callId, status } = await runCommand(metadataCommand);
	const answeredMs = performance.now();
	expect(status).toBe(200);
	const [row, ...more] = await waitFor<Row[]>(
		answeredMs,
		`/spend/logs?request_id=${callId}`,
		(rows) => rows.length > 0,
	);
	expect(more).toEqual([]);
	expect(row).toMatchObject({
		request_id: callId,
		call_type: "pass_through_endpoint",
		request_tags: ["test-tag-1", "test-tag-2"],
		end_user: "test-user",
		status: "success",
	});
	const spend = row?.spend as number;
	expect(spend).toBeGreaterThan(0);
	const tags = await waitFor<Row[]>(
		answeredMs,
		"/spend/tags",
		(rows) => rows.length === 2,
	);
	expect(tags).toEqual(
		expect.arrayContaining(
			["test-tag-1", "test-tag-2"].map((tag) => ({
				individual_request_tag: tag,
				log_count: 1,
				total_spend: spend,
			})),
		),
	);
	const customer = await ask<Row>("/customer/info?end_user_id=test-user");
	expect(customer).toMatchObject({ user_id: "test-user", spend });
});
