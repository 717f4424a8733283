/** What end users spent: LiteLLM's `/global/spend/end_users`. */
import type { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { toNanos } from "../domain/nanos.ts";
import { toSummedNanos } from "../store/reports.ts";
import { maxFound, searchEntries } from "../store/search.ts";
import { anything } from "../store/search-queries.ts";
import { optional, toBody } from "./fields.ts";
import { type GlobalState, toUsualDays } from "./global-state.ts";
import { text, time } from "./read-input.ts";
import type { Asked } from "./route.ts";
import { toKeyId } from "./spend-logs.ts";
import { toDollars } from "./spend-row.ts";
import { dayMs, toHours, toTimes } from "./spend-span.ts";

/** End users of one answer, the dearest. */
const maxNames = 10_000;

export const endUsersBody = toBody({
	api_key: optional(text),
	startTime: optional(time),
	endTime: optional(time),
});

/** Without times the last thirty days. Of one key they are read from the ledger, and may be too many to be added up. */
export async function answerEndUsers(
	{ body }: Asked<z.output<typeof endUsersBody>>,
	state: GlobalState,
) {
	const usual = toUsualDays(state);
	const span = toTimes({
		start_date: body.startTime ?? { startMs: usual.firstMs, lengthMs: dayMs },
		end_date: body.endTime ?? { startMs: usual.lastMs, lengthMs: dayMs },
	});
	if (body.api_key !== undefined) {
		return sumEndUsers(toKeyId(body.api_key, null, state), span, state);
	}
	const { engine, queries } = state;
	const asked = { ...toHours(span), dimension: "customer", count: maxNames };
	const rows = await engine.read(queries.reports.byId(asked));
	return rows.map(([id, calls, cost]) =>
		toEndUserRow(String(id), Number(calls), toSummedNanos(cost)),
	);
}

const toEndUserRow = (id: string, calls: number, cost: bigint) => ({
	end_user: id,
	total_count: calls,
	total_spend: toDollars(toNanos(cost)),
});

async function sumEndUsers(
	keyId: string,
	span: ReturnType<typeof toTimes>,
	{ engine, queries }: GlobalState,
) {
	const pattern = { ...anything, keyId };
	const asked = { ...span, pattern, direction: "desc" } as const;
	const { entries, isAll } = await searchEntries(engine, queries, asked);
	if (!isAll) {
		throw new GatewayError(
			"malformed_request",
			`startTime and endTime: of one key at most ${maxFound} calls are added up. Ask for a shorter time.`,
		);
	}
	const sums = new Map<string, { calls: number; cost: bigint }>();
	for (const { endUser, spent } of entries) {
		if (endUser === null) continue;
		const { calls, cost } = sums.get(endUser) ?? { calls: 0, cost: 0n };
		sums.set(endUser, { calls: calls + 1, cost: cost + spent });
	}
	return [...sums]
		.map(([id, { calls, cost }]) => toEndUserRow(id, calls, cost))
		.sort((a, b) => b.total_spend - a.total_spend);
}
