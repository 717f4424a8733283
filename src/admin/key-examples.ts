/** What the API's description shows of the routes of keys: answers made by what makes the answers. */
import { toNanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { generateBody, updateBody } from "./key-fields.ts";
import { toKeyInfo, toKeyRow, toMadeKey } from "./key-row.ts";
import { editKey, makeKey, renewKey } from "./make-key.ts";
import type { RouteExample } from "./route.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const spend = toNanos(1_250_000_000n);
const secret = "sk-the-key";
const next = "sk-the-new-key";
const alias = "alice";

const fields = {
	key_alias: alias,
	max_budget: 20,
	budget_duration: "30d",
	rpm_limit: 60,
	models: ["claude-sonnet-*"],
};
const changed = { max_budget: 50 };

const made = (): VirtualKey =>
	makeKey(secret, generateBody.parse(fields), { nowMs, actor: "operator" });

const updated = (): VirtualKey => {
	const { key: _, ...edit } = updateBody.parse({ key: secret, ...changed });
	return editKey(made(), edit, nowMs);
};

const renewed = (): VirtualKey =>
	renewKey(made(), next, { nowMs, olderUntilMs: nowMs });

const toRow = (blocked: boolean) => () =>
	toKeyRow({ ...made(), blocked }, spend, nowMs);

const toRenewed = () => toMadeKey(renewed(), next, { spend, nowMs });

export const keyExamples = {
	made: {
		body: fields,
		reply: () => toMadeKey(made(), secret, { spend: toNanos(0n), nowMs }),
	},
	updated: {
		body: { key: secret, ...changed },
		reply: () => ({ key: secret, ...toKeyInfo(updated(), spend, nowMs) }),
	},
	deleted: {
		body: { keys: [secret] },
		reply: () => ({ deleted_keys: [secret] }),
	},
	blocked: { body: { key: secret }, reply: toRow(true) },
	unblocked: { body: { key: secret }, reply: toRow(false) },
	renewed: { body: { key: secret, grace_period: "24h" }, reply: toRenewed },
	renewedByPath: { body: { grace_period: "24h" }, reply: toRenewed },
	listed: {
		query: { size: "10" },
		reply: () => ({
			keys: [made().id],
			total_count: 1,
			current_page: 1,
			total_pages: 1,
		}),
	},
	info: {
		query: { key: secret },
		reply: () => ({ key: secret, info: toKeyInfo(made(), spend, nowMs) }),
	},
	health: { reply: () => ({ key: "healthy", logging_callbacks: null }) },
} as const satisfies Record<string, RouteExample>;
