/** Whether a correction fits the Entry that it corrects, and the correction before it. */
import {
	type Correction,
	readCorrection,
	toWorth,
	type Worth,
} from "../../domain/correction.ts";
import type { Entry } from "../../domain/entry.ts";
import { noNanos } from "../../domain/nanos.ts";
import { toCorrectionId } from "../correction-id.ts";
import { type StoredEntry, toStoredEntry } from "../entry-row.ts";
import { otherName } from "../rollup-names.ts";
import type { AuditDatabase } from "./audit-database.ts";
import type { AuditQueries } from "./audit-queries.ts";
import type { PriceCheck } from "./check-entry.ts";
import type { Findings } from "./findings.ts";

interface Options {
	readonly database: AuditDatabase;
	readonly queries: AuditQueries;
	readonly prices: PriceCheck;
	readonly findings: Findings;
	/** Older Entries have been deleted: what one goes back to may be gone. */
	readonly isTrimmed: boolean;
}

/** Of any Entry: one that is no correction corrects nothing. Rejects with StoreError. */
export async function checkCorrection(
	entry: StoredEntry,
	options: Options,
): Promise<void> {
	if (entry.kind !== "correction" && entry.corrects === null) return;
	const { writer, seq, id } = entry;
	const detail = await findFault(entry, options);
	if (detail === null) return;
	options.findings.add("correction", { writer, seq, id, detail });
}

async function findFault(
	entry: StoredEntry,
	options: Options,
): Promise<string | null> {
	const { kind, corrects } = entry;
	if (kind !== "correction") {
		return `It is a ${kind} and says that it corrects ${corrects}.`;
	}
	const target = corrects === null ? null : await find(corrects, options);
	if (target === null && corrects !== null && options.isTrimmed) return null;
	if (target === null) {
		return `It corrects ${corrects ?? "nothing"}, which the ledger does not have.`;
	}
	if (target.kind === "correction") {
		return `It corrects ${corrects}, which is a correction itself.`;
	}
	const said = readCorrection(entry);
	if (said === null)
		return "It does not say what the Entry cost before and since.";
	const fault = findOwnFault(entry, said) ?? findStray(entry, target);
	if (fault !== null) return fault;
	const id = toCorrectionId(target, said.number);
	if (entry.id !== id) {
		return `As correction ${said.number} of ${corrects} it must be called ${id}.`;
	}
	return (
		(await findBreak(target, said, options)) ??
		findWrongPrice(entry, target, { said, ...options })
	);
}

async function find(
	id: string,
	{ database, queries }: Options,
): Promise<StoredEntry | null> {
	const [row] = await database.read(queries.byId({ id }));
	return row === undefined ? null : toStoredEntry(row);
}

const toText = ({ state, nanos }: Worth) => `${nanos ?? "no price"} (${state})`;

/** In itself. */
function findOwnFault(entry: Entry, { was, is }: Correction): string | null {
	const wanted = (is.nanos ?? noNanos) - (was.nanos ?? noNanos);
	if (entry.cost !== wanted || entry.state !== is.state) {
		return `It moves ${entry.cost} nano-dollars (${entry.state}); from ${toText(was)} to ${toText(is)} it is ${wanted}.`;
	}
	const counts = [
		entry.input,
		entry.output,
		entry.cacheWrite5m,
		entry.cacheWrite1h,
		entry.cacheRead,
		entry.webSearches,
	];
	return counts.some((count) => count !== 0)
		? "It counts tokens, which are its Entry's."
		: null;
}

const shared = [
	"startedMs",
	"payer",
	"keyId",
	"userId",
	"teamId",
	"sessionId",
	"requestedModel",
	"servedModel",
] as const satisfies readonly (keyof Entry)[];

/** It counts for the same subjects, at the same time. Who has no name of their own in the sums is called `other`. */
function findStray(entry: Entry, target: Entry): string | null {
	const member = shared.find((name) => entry[name] !== target[name]);
	if (member !== undefined) {
		return `Its ${member} is ${entry[member]}, and that of its Entry ${target[member]}.`;
	}
	const strays = [
		...entry.tags.filter((tag) => !target.tags.includes(tag)),
		...(entry.endUser === target.endUser ? [] : [entry.endUser]),
	].filter((name) => name !== otherName);
	return strays.length === 0
		? null
		: `It is booked to ${strays.join(", ")}, and its Entry is not.`;
}

/** It goes on where the one before it ended. */
async function findBreak(
	target: StoredEntry,
	{ number, was }: Correction,
	options: Options,
): Promise<string | null> {
	const before =
		number === 1
			? null
			: await find(toCorrectionId(target, number - 1), options);
	if (number > 1 && before === null) {
		if (options.isTrimmed) return null;
		return `It is correction ${number} of ${target.id}, and the one before it is missing.`;
	}
	const stood = toWorth(target, before === null ? [] : [before]);
	return stood.nanos === was.nanos && stood.state === was.state
		? null
		: `It says that ${target.id} cost ${toText(was)}; it was ${toText(stood)}.`;
}

/** Where the prices at hand are those that it was made with. */
function findWrongPrice(
	entry: Entry,
	target: Entry,
	{ said: { is }, prices }: Options & { readonly said: Correction },
): string | null {
	if (entry.catalog !== prices.catalog) return null;
	const again = prices.toCostAgain(target);
	return again === null || again === is.nanos
		? null
		: `It says that ${target.id} costs ${toText(is)}; its usage gives ${again}.`;
}
