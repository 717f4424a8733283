import type { Entry, EntryKind, Payer, TruthState } from "../domain/entry.ts";
import { toNanos } from "../domain/nanos.ts";
import type { SqlValue } from "../platform/contract.ts";

const toFlag = (value: boolean): number => (value ? 1 : 0);

/**
 * The columns of an Entry in the order of the table `entries`, without writer and seq before and hash behind them.
 * @throws RangeError for an amount that a column cannot hold exactly (2^53 nano-dollars, 9 million dollars)
 */
export const toEntryColumns = (entry: Entry): SqlValue[] => [
	entry.id,
	entry.kind,
	entry.state,
	entry.payer,
	entry.startedMs,
	entry.durationMs,
	entry.firstByteMs,
	entry.family,
	entry.method,
	entry.path,
	toFlag(entry.streamed),
	entry.status,
	entry.end,
	entry.errorType,
	entry.keyId,
	entry.userId,
	entry.teamId,
	entry.endUser,
	entry.sessionId,
	entry.agentId,
	entry.parentAgentId,
	entry.tags.length === 0 ? null : JSON.stringify(entry.tags),
	entry.metadata,
	entry.clientAddress,
	entry.userAgent,
	entry.requestedModel,
	entry.servedModel,
	entry.input,
	entry.output,
	entry.cacheWrite5m,
	entry.cacheWrite1h,
	entry.cacheRead,
	entry.thinking,
	entry.webSearches,
	entry.serviceTier,
	entry.inferenceGeo,
	entry.speed,
	entry.stopReason,
	entry.usageRest,
	entry.cost === null ? null : toColumn(entry.cost),
	toColumn(entry.held),
	entry.price,
	entry.catalog,
	entry.messageId,
	entry.upstreamRequestId,
	entry.requestBytes,
	entry.replyBytes,
	entry.requestHash,
	entry.replyHash,
	entry.corrects,
];

/** @throws RangeError beyond 2^53 */
export function toColumn(nanos: bigint): number {
	const value = Number(nanos);
	if (Number.isSafeInteger(value)) return value;
	throw new RangeError(`${nanos} nano-dollars do not fit a column exactly`);
}

/** A row of the ledger as it was read: the Entry, its place and its hash. */
export interface StoredEntry extends Entry {
	readonly writer: number;
	readonly seq: number;
	readonly hash: string;
}

/** @param row all columns of the table `entries`, in its order */
export const toStoredEntry = (row: readonly SqlValue[]): StoredEntry => ({
	writer: Number(row[0]),
	seq: Number(row[1]),
	...toEntry(row.slice(2, -1)),
	hash: String(row.at(-1)),
});

/** The way back from `toEntryColumns`. */
export function toEntry(columns: readonly SqlValue[]): Entry {
	let at = 0;
	const next = () => columns[at++] ?? null;
	const text = () => String(next());
	const textOrNull = () => next() as string | null;
	const whole = () => Number(next());
	const wholeOrNull = () => {
		const value = next();
		return value === null ? null : Number(value);
	};
	// The members are read in the order in which they stand here, which is that of the table.
	return {
		id: text(),
		kind: text() as EntryKind,
		state: text() as TruthState,
		payer: text() as Payer,
		startedMs: whole(),
		durationMs: whole(),
		firstByteMs: wholeOrNull(),
		family: text(),
		method: text(),
		path: text(),
		streamed: whole() === 1,
		status: whole(),
		end: text(),
		errorType: textOrNull(),
		keyId: textOrNull(),
		userId: textOrNull(),
		teamId: textOrNull(),
		endUser: textOrNull(),
		sessionId: textOrNull(),
		agentId: textOrNull(),
		parentAgentId: textOrNull(),
		tags: JSON.parse(textOrNull() ?? "[]") as string[],
		metadata: textOrNull(),
		clientAddress: textOrNull(),
		userAgent: textOrNull(),
		requestedModel: textOrNull(),
		servedModel: textOrNull(),
		input: whole(),
		output: whole(),
		cacheWrite5m: whole(),
		cacheWrite1h: whole(),
		cacheRead: whole(),
		thinking: whole(),
		webSearches: whole(),
		serviceTier: textOrNull(),
		inferenceGeo: textOrNull(),
		speed: textOrNull(),
		stopReason: textOrNull(),
		usageRest: textOrNull(),
		cost: toNanosOrNull(next()),
		held: toNanos(BigInt(whole())),
		price: textOrNull(),
		catalog: textOrNull(),
		messageId: textOrNull(),
		upstreamRequestId: textOrNull(),
		requestBytes: whole(),
		replyBytes: whole(),
		requestHash: textOrNull(),
		replyHash: textOrNull(),
		corrects: textOrNull(),
	};
}

const toNanosOrNull = (value: SqlValue) =>
	value === null ? null : toNanos(BigInt(value));
