/** Whole objects, as answers have them, that come back with a change or none. */
import { isDeepStrictEqual } from "node:util";
import { toNanos } from "../domain/nanos.ts";
import { isNothing } from "./fields.ts";
import { refuseField } from "./read-input.ts";
import { toDollars } from "./spend-row.ts";

type Json = Readonly<Record<string, unknown>>;

/** Columns that say when and by whom the object was changed before: another change may have come meanwhile. */
const ofLastChange: ReadonlySet<string> = new Set(["updated_at", "updated_by"]);

/**
 * The fields without a `spend` that is what is shown now: it says nothing new, and would forgive what other windows hold.
 * @param columns names of those that no body sets: they may only say what is shown
 * @param toRow reads the object as it is shown now
 * Rejects with GatewayError `malformed_request` for a column that says something else.
 */
export async function readBack<Fields extends object>(
	fields: Fields,
	columns: readonly string[],
	toRow: () => Promise<object>,
): Promise<Fields> {
	const sent = fields as Json & { readonly spend?: number };
	const said = columns.filter(
		(name) => !ofLastChange.has(name) && !isNothing(sent[name]),
	);
	if (sent.spend === undefined && said.length === 0) return fields;
	const row = (await toRow()) as Json;
	for (const name of said) {
		if (isSame(sent[name], row[name])) continue;
		throw refuseField(
			name,
			"this is only shown, and cannot be set here. Send it as it is shown, or leave it out.",
		);
	}
	const isKnown =
		sent.spend !== undefined &&
		toDollars(toNanos(BigInt(sent.spend))) === row.spend;
	return isKnown ? { ...fields, spend: undefined } : fields;
}

const isSame = (sent: unknown, shown: unknown): boolean =>
	isDeepStrictEqual(sent, toPlain(shown));

/** As the client read it. */
const toPlain = (value: unknown): unknown =>
	value === undefined ? value : JSON.parse(JSON.stringify(value));
