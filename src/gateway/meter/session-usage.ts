/**
 * What a session of managed agents has used and cost since it was created. It works on after the call has been answered, so
 * every reading is a running total: what is new is the difference from the last one.
 */

import { readDecimal, toNanos } from "../../domain/nanos.ts";
import { type Counts, openCounts, takeObject, takeText } from "./counts.ts";
import type { JsonObject } from "./json.ts";
import { messageColumns, toMessageUsage } from "./message-usage.ts";
import { emptyReading, type Reading, type SessionCost } from "./reading.ts";
import { type Columns, toRawRest } from "./rest.ts";
import type { ReplyFacts } from "./whole.ts";

/** Of a session, or of one of its events. */
export type SessionFacts = Pick<
	ReplyFacts,
	"id" | "model" | "errorType" | "usage" | "usageText" | "malformed"
>;

const columns: Columns = {
	...messageColumns,
	list_cost: { amount: true, currency: true },
	active_seconds: true,
};

export function toSessionReading(facts: SessionFacts): Reading {
	const { model, usage: raw } = facts;
	const reading: Reading = {
		...emptyReading,
		malformed: facts.malformed,
		messageId: facts.id,
		errorType: facts.errorType,
		usageRest: facts.malformed ? toRawRest([facts.usageText()]) : null,
	};
	if (raw === null) return reading;
	const { usage, malformed, rest } = toMessageUsage(
		raw,
		{ model, stopReason: null, codeExecutions: 0, splitIsLast: true },
		columns,
	);
	const counts = openCounts();
	const session = toSessionCost(raw, counts);
	const isMalformed = facts.malformed || malformed || counts.faulty;
	return {
		...reading,
		usage,
		known: "all",
		malformed: isMalformed,
		outputEstimate: usage.output,
		usageRest: isMalformed ? toRawRest([facts.usageText()]) : rest,
		session,
	};
}

/** The amount is in cents; so many decimals more make nano-dollars of it. */
const centDecimals = 7;

function toSessionCost(raw: JsonObject, counts: Counts): SessionCost {
	const cost = takeObject(counts, raw.list_cost);
	const activeSeconds = toSeconds(raw.active_seconds);
	if (cost === null) return { listCost: null, activeSeconds };
	const amount = takeText(counts, cost.amount);
	const nanos =
		cost.currency === "USD" && amount !== null
			? readDecimal(amount, centDecimals)
			: undefined;
	if (nanos === undefined) counts.faulty = true;
	return {
		listCost: nanos === undefined ? null : toNanos(nanos),
		activeSeconds,
	};
}

/** Informs only: what it costs is in the amount. */
const toSeconds = (value: unknown): number =>
	typeof value === "number" && value >= 0 ? value : 0;
