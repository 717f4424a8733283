/** What the API's description shows of the routes of keys: answers made by what makes the answers. */
import { toNanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { generateBody, updateBody } from "./key-fields.ts";
import { toKeyColumns, toMadeColumns } from "./key-row.ts";
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

const by = { nowMs, actor: "operator" };
const what = {
	clock: { now: () => nowMs, monotonic: () => 0 },
	calendar: { timeZone: "UTC", resetMinute: 0 },
	directory: {
		budgets: { byId: () => null, byAlias: () => null, list: () => [] },
	},
};

const made = (): VirtualKey => makeKey(secret, generateBody.parse(fields), by);

const toInfo = (key: VirtualKey) => toKeyColumns(key, spend, what);

const updated = (): VirtualKey => {
	const { key: _, ...edit } = updateBody.parse({ key: secret, ...changed });
	return editKey(made(), edit, by);
};

const renewed = (): VirtualKey =>
	renewKey(made(), next, { nowMs, olderUntilMs: nowMs });

const toRow = (blocked: boolean) => () => ({
	token: made().id,
	...toInfo({ ...made(), blocked }),
});

const toMade = (key: VirtualKey, clear: string) =>
	toMadeColumns(key, { clear, duration: null }, toInfo(key));

const toRenewed = () => toMade(renewed(), next);

export const keyExamples = {
	made: {
		body: fields,
		reply: () => ({ ...toMade(made(), secret), spend: 0 }),
	},
	updated: {
		body: { key: secret, ...changed },
		reply: () => ({ key: secret, ...toInfo(updated()) }),
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
		reply: () => ({ key: secret, info: toInfo(made()) }),
	},
	health: { reply: () => ({ key: "healthy", logging_callbacks: null }) },
} as const satisfies Record<string, RouteExample>;
