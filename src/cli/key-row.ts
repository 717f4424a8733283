/** A key as the management API shows it, and as people read it. */
import { z } from "zod";
import { toNanos } from "../domain/nanos.ts";
import { toDollarsText } from "./call-line.ts";
import { escapeControls } from "./safe-text.ts";

/** A gateway of another version may leave something out. */
const text = z.string().nullable().catch(null);
const amount = z.number().nullable().catch(null);
const texts = z.array(z.string()).catch([]);

const budgetRow = z.object({ max_budget: amount, budget_duration: text });

const keyRow = z.object({
	key_name: z.string().catch(""),
	key_alias: text,
	token: text,
	user_id: text,
	team_id: text,
	spend: z.number().catch(0),
	max_budget: amount,
	budget_duration: text,
	budget_reset_at: text,
	budget_limits: z.array(budgetRow).catch([]),
	rpm_limit: amount,
	tpm_limit: amount,
	max_parallel_requests: amount,
	models: texts,
	allowed_routes: texts,
	tags: texts,
	credential: text,
	blocked: z.boolean().catch(false),
	expires: text,
	created_at: text,
	updated_at: text,
});

/** Dollars, and times as ISO 8601 in UTC. */
export type KeyRow = z.output<typeof keyRow>;

export const readKeyRow = (value: unknown): KeyRow => keyRow.parse(value ?? {});

export type KeyState = "ok" | "blocked" | "expired";

export function toState({ blocked, expires }: KeyRow, nowMs: number): KeyState {
	if (blocked) return "blocked";
	return expires !== null && nowMs >= Date.parse(expires) ? "expired" : "ok";
}

/** `alice (sk-...Wxyz)` */
export const toTitle = ({ key_alias, key_name }: KeyRow): string =>
	key_alias === null
		? escapeControls(key_name)
		: `${escapeControls(key_alias)} (${escapeControls(key_name)})`;

const nanosPerDollar = 1e9;

export const toMoney = (dollars: number): string =>
	toDollarsText(toNanos(BigInt(Math.round(dollars * nanosPerDollar))));

/** `2026-12-01 00:00` of an ISO time; UTC, as budgets begin anew. */
export const toMinute = (time: string | null): string =>
	time === null ? "" : escapeControls(time.slice(0, 16).replace("T", " "));

type Budget = z.output<typeof budgetRow>;

export const listBudgets = (row: KeyRow): readonly Budget[] =>
	[row, ...row.budget_limits].filter(({ max_budget }) => max_budget !== null);

/** `$20.00 / 30d` */
export const toBudgetText = ({
	max_budget,
	budget_duration,
}: Budget): string =>
	budget_duration === null
		? toMoney(max_budget ?? 0)
		: `${toMoney(max_budget ?? 0)} / ${escapeControls(budget_duration)}`;

const toCount = (count: number) => count.toLocaleString("en-US");

/** What was given to the key, as label and value; what was not is left out. */
export function listFacts(row: KeyRow): (readonly [string, string])[] {
	const limits = [
		[row.rpm_limit, "requests a minute"],
		[row.tpm_limit, "tokens a minute"],
		[row.max_parallel_requests, "calls at a time"],
	] as const;
	const facts: [string, string][] = [
		["Alias", row.key_alias ?? ""],
		["User", row.user_id ?? ""],
		["Team", row.team_id ?? ""],
		["Budget", listBudgets(row).map(toBudgetText).join(", ")],
		["Resets", toUtc(row.budget_reset_at)],
		[
			"Limits",
			limits
				.flatMap(([count, what]) =>
					count === null ? [] : [`${toCount(count)} ${what}`],
				)
				.join(", "),
		],
		["Models", row.models.join(", ")],
		["Routes", row.allowed_routes.join(", ")],
		["Tags", row.tags.join(", ")],
		["Pays", row.credential === "client" ? "the caller's own credential" : ""],
		["Expires", toUtc(row.expires)],
	];
	return facts
		.filter(([, value]) => value !== "")
		.map(([label, value]) => [label, escapeControls(value)]);
}

export const toUtc = (time: string | null): string =>
	time === null ? "" : `${toMinute(time)} UTC`;
