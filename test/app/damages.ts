/** What may befall a ledger, and how a verification names it. */
import type { FindingName } from "../../src/store/verify/findings.ts";
import {
	entryCount,
	firstCorrection,
	type LedgerCopy,
} from "./damaged-ledger.ts";

export interface Damage {
	readonly name: string;
	/** One after the other. */
	readonly sql: readonly string[];
	/** The hashes are made right again. */
	readonly hidden?: true;
	/** A finding that there must be. */
	readonly kind: FindingName;
	readonly seq?: number;
	/** What its sentence or its id must have. */
	readonly text?: string;
	/** No others than these. */
	readonly only?: readonly FindingName[];
}

const at = (seq: number) => `WHERE writer = 1 AND seq = ${seq}`;

/** A row of the ledger that was paid for. */
const paid = 101;
export const prepare = async (copy: LedgerCopy): Promise<void> => {
	const [row] = await copy.run(
		`SELECT cost, price, key_id FROM @entries ${at(paid)}`,
	);
	if (!row?.[0] || !row[1] || !row[2]) throw new Error("no paid call there");
};

const columns = (copied: string): string =>
	`INSERT INTO @entries SELECT ${copied}, id, kind, state, payer, started_at, duration_ms, first_byte_ms, family, method, path, streamed, status, outcome, error_type, key_id, user_id, team_id, end_user, session_id, agent_id, parent_agent_id, tags, metadata, client_address, user_agent, requested_model, served_model, input, output, cache_write_5m, cache_write_1h, cache_read, thinking, web_searches, service_tier, inference_geo, speed, stop_reason, usage_rest, cost, held, price, catalog, message_id, upstream_request_id, request_bytes, reply_bytes, request_hash, reply_hash, corrects, hash FROM @entries ${at(paid)}`;

/** A copy of a row under another id. */
const addAs = (writer: string, seq: string) =>
	columns(`${writer}, ${seq}`).replace(
		", id, kind",
		", 'ffffffff-0000-7000-8000-000000000001', kind",
	);

const last = "(SELECT max(seq) FROM @entries)";
const key = "(hour, dimension, id, model)";
const sumOf = (dimension: string) =>
	`${key} = (SELECT hour, dimension, id, model FROM @rollups WHERE dimension = '${dimension}' AND cost > 1000 ORDER BY hour, id, model LIMIT 1)`;

const dimensions = [
	"global",
	"key",
	"user",
	"team",
	"member",
	"customer",
	"tag",
] as const;

const rows: readonly Damage[] = [
	{
		name: "a cost was changed",
		sql: [`UPDATE @entries SET cost = cost + 1 ${at(paid)}`],
		kind: "changed",
		seq: paid,
	},
	{
		name: "a label was changed",
		sql: [`UPDATE @entries SET user_agent = 'nobody' ${at(paid)}`],
		kind: "changed",
		seq: paid,
		only: ["changed"],
	},
	{
		name: "a call was given to another key",
		sql: [`UPDATE @entries SET key_id = 'another' ${at(paid)}`],
		hidden: true,
		kind: "sum_missing",
		text: "another",
	},
	{
		name: "a row was removed",
		sql: [`DELETE FROM @entries ${at(paid)}`],
		kind: "missing",
		seq: paid,
	},
	{
		name: "rows were removed",
		sql: ["DELETE FROM @entries WHERE seq BETWEEN 200 AND 209"],
		kind: "missing",
		seq: 200,
		text: "200 to 209",
	},
	{
		name: "the first row was removed",
		sql: [`DELETE FROM @entries ${at(1)}`],
		kind: "missing",
		seq: 1,
	},
	{
		name: "the last rows were removed",
		sql: ["DELETE FROM @entries WHERE seq > 4400"],
		kind: "sum_extra",
		text: "no Entry for it",
	},
	{
		name: "a row was added at the end",
		sql: [addAs("1", `${last} + 1`)],
		kind: "changed",
		seq: entryCount + 1,
	},
	{
		name: "a row was added at the end, with its hash",
		sql: [addAs("1", `${last} + 1`)],
		hidden: true,
		kind: "sum_changed",
	},
	{
		name: "a row was added under a number below all",
		sql: [addAs("1", "0")],
		kind: "place",
		seq: 0,
	},
	{
		name: "a row was moved to another writer",
		sql: [`UPDATE @entries SET writer = 7 ${at(paid)}`],
		kind: "place",
		text: "Writer 7",
	},
	{
		name: "two rows changed places",
		sql: [
			`UPDATE @entries SET seq = 9999 ${at(paid)}`,
			`UPDATE @entries SET seq = ${paid} ${at(300)}`,
			`UPDATE @entries SET seq = 300 ${at(9999)}`,
		],
		kind: "changed",
		seq: 300,
	},
	{
		name: "a hash was changed",
		sql: [`UPDATE @entries SET hash = 'x' ${at(paid)}`],
		kind: "hash",
		seq: paid,
		only: ["hash"],
	},
	{
		name: "a row stands there twice",
		sql: ["DROP INDEX @entries_by_id", columns(`1, ${last} + 1`)],
		hidden: true,
		kind: "twice",
		seq: entryCount + 1,
		text: `1:${paid}`,
	},
	{
		name: "tags that are no JSON",
		sql: [`UPDATE @entries SET tags = '[' ${at(paid)}`],
		kind: "unreadable",
		seq: paid,
	},
];

const values: readonly Damage[] = [
	{
		name: "a negative cost",
		sql: [`UPDATE @entries SET cost = -cost ${at(paid)}`],
		kind: "negative",
		seq: paid,
	},
	{
		name: "a negative count of tokens",
		sql: [`UPDATE @entries SET output = -1 ${at(paid)}`],
		kind: "negative",
		seq: paid,
		text: "output",
	},
	{
		name: "a cost that the price does not give, its hash made right",
		sql: [`UPDATE @entries SET cost = cost + 1 ${at(paid)}`],
		hidden: true,
		kind: "price",
		seq: paid,
	},
	{
		name: "tokens that the cost does not know of, its hash made right",
		sql: [`UPDATE @entries SET output = output + 1 ${at(paid)}`],
		hidden: true,
		kind: "price",
		seq: paid,
	},
	{
		name: "a cost without a price",
		sql: [`UPDATE @entries SET price = NULL ${at(paid)}`],
		kind: "price",
		seq: paid,
	},
	{
		name: "a refused call that costs something",
		sql: [`UPDATE @entries SET outcome = 'refused:rate_limited' ${at(paid)}`],
		kind: "refused",
		seq: paid,
	},
	{
		name: "an unpriced call that costs something",
		sql: [`UPDATE @entries SET state = 'unpriced' ${at(paid)}`],
		kind: "state",
		seq: paid,
	},
	{
		name: "a correction of no call",
		sql: [
			`UPDATE @entries SET kind = 'correction', corrects = 'nothing' ${at(paid)}`,
		],
		kind: "correction",
		seq: paid,
	},
	{
		name: "a negative hold",
		sql: ["INSERT INTO @holds VALUES ('h', 1, 'call', 0, -5, '[]')"],
		kind: "hold",
		text: "h",
	},
];

const sums: readonly Damage[] = [
	...dimensions.map(
		(dimension): Damage => ({
			name: `a sum by ${dimension} was changed`,
			sql: [`UPDATE @rollups SET cost = cost - 1 WHERE ${sumOf(dimension)}`],
			kind: "sum_changed",
			text: dimension,
			only: ["sum_changed"],
		}),
	),
	...dimensions.map(
		(dimension): Damage => ({
			name: `a sum by ${dimension} was removed`,
			sql: [`DELETE FROM @rollups WHERE ${sumOf(dimension)}`],
			kind: "sum_missing",
			text: dimension,
			only: ["sum_missing"],
		}),
	),
	{
		name: "a sum of nothing was added",
		sql: [
			"INSERT INTO @rollups VALUES (495000, 'key', 'k', 'm', 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0)",
		],
		kind: "sum_extra",
		text: "key k",
		only: ["sum_extra"],
	},
	{
		name: "a sum's estimate was changed",
		sql: [
			`UPDATE @rollups SET estimated = estimated + 1 WHERE ${sumOf("key")}`,
		],
		kind: "sum_changed",
		text: "estimated",
		only: ["sum_changed"],
	},
	{
		name: "a sum was given to another model",
		sql: [`UPDATE @rollups SET model = 'other' WHERE ${sumOf("key")}`],
		kind: "sum_extra",
		text: "other",
		only: ["sum_extra", "sum_missing"],
	},
];

const references: readonly Damage[] = [
	{
		name: "a row of references was removed",
		sql: ["DELETE FROM @refs WHERE first = (SELECT min(first) FROM @refs)"],
		kind: "references",
		only: ["references"],
	},
	{
		name: "a row of references was changed",
		sql: [
			"UPDATE @refs SET names = 'AAAAAAAA' WHERE first = (SELECT max(first) FROM @refs)",
		],
		kind: "references",
		only: ["references"],
	},
	{
		name: "a run of references begins too late",
		sql: ["UPDATE @ref_runs SET since = since + 1"],
		kind: "references",
		only: ["references"],
	},
];

const secondCorrection = firstCorrection + 1;
const corrected = `WHERE id = (SELECT corrects FROM @entries ${at(firstCorrection)})`;

const corrections: readonly Damage[] = [
	{
		name: "a correction moves more than it says",
		sql: [`UPDATE @entries SET cost = cost + 1 ${at(firstCorrection)}`],
		hidden: true,
		kind: "correction",
		seq: firstCorrection,
		text: "It moves 1001",
	},
	{
		name: "a correction was booked to another key",
		sql: [`UPDATE @entries SET key_id = 'another' ${at(firstCorrection)}`],
		hidden: true,
		kind: "correction",
		seq: firstCorrection,
		text: "keyId",
	},
	{
		name: "a correction was removed",
		sql: [`DELETE FROM @entries ${at(firstCorrection)}`],
		kind: "correction",
		seq: secondCorrection,
		text: "the one before it is missing",
	},
	{
		name: "a correction has another id",
		sql: [
			`UPDATE @entries SET id = 'ffffffff-0000-7000-8000-000000000001' ${at(secondCorrection)}`,
		],
		hidden: true,
		kind: "correction",
		seq: secondCorrection,
		text: "must be called",
	},
	{
		name: "a corrected call costs something else",
		sql: [`UPDATE @entries SET cost = cost + 1 ${corrected}`],
		hidden: true,
		kind: "correction",
		seq: firstCorrection,
		text: "it was",
	},
	{
		name: "a correction by prices that do not give it",
		sql: [
			`UPDATE @entries SET catalog = (SELECT catalog FROM @entries ${at(secondCorrection)}) ${at(firstCorrection)}`,
		],
		hidden: true,
		kind: "correction",
		seq: firstCorrection,
		text: "its usage gives",
		only: ["correction"],
	},
];

export const damages: readonly Damage[] = [
	...corrections,
	...rows,
	...values,
	...sums,
	...references,
];
