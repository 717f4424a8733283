/** A gateway with a full year behind it deletes what is too old while it serves, and the rest is still right. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { makeGroups } from "../../scripts/prefill/make-groups.ts";
import { openRig } from "../rig.ts";
import { listGrounds } from "./damaged-ledger.ts";
import { callPaid } from "./paid-call.ts";

setDefaultTimeout(60_000);

const entries = 600;
const dayMs = 86_400_000;
/** All older than the settings say. */
const ages = () =>
	makeGroups({ entries, seed: 7, days: 2, untilMs: Date.now() - 60 * dayMs });

const [file] = listGrounds(ages);

test("old calls go, one line says how many, new ones are recorded behind them", async () => {
	const ground = await file?.open();
	const copy = await ground?.copy();
	if (copy?.address.kind !== "sqlite") throw new Error("no file");
	const rig = await openRig({
		env: {
			DATABASE_URL: `sqlite:${copy.address.path}`,
			TOLLWAY_RETENTION_DAYS: "45d",
			TOLLWAY_RETENTION_INTERVAL: "1s",
		},
	});
	try {
		const line = await rig.gateway.waitForLine((one) =>
			String(one.message).includes("were deleted from the ledger"),
		);
		expect(line.properties).toEqual({ entries: entries - 1, missed: 0 });
		const call = await callPaid(rig.url);
		expect(call.status).toBe(200);
	} finally {
		await rig.gateway.stop("SIGTERM");
		await rig.stop();
	}
	const { findings, verified } = await copy.verify();
	expect(findings).toEqual([]);
	expect(verified).toMatchObject({ ok: true, entries: 2 });
	await copy.close();
	await ground?.stop();
});
