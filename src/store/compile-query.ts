import { fillPlaceholders } from "drizzle-orm";
import type { SqlValue } from "../platform/contract.ts";

/** A statement of a report, ready for `Engine.read` or `Engine.commit`. */
export interface Asked {
	readonly sql: string;
	readonly values: readonly SqlValue[];
}

/** Its values by the names of its placeholders. Throws an Error that names one without a value. */
export type Query<Name extends string = never> = (
	values: Readonly<Record<Name, SqlValue>>,
) => Asked;

/** What a builder of statements has at its end. */
interface Built {
	toSQL(): { sql: string; params: unknown[] };
}

/** The text is made here, once; a query only puts its values in the order of the placeholders. */
export function compileQuery<Name extends string = never>(
	built: Built,
): Query<Name> {
	const { sql, params } = built.toSQL();
	return (values) => ({
		sql,
		values: fillPlaceholders(params, values) as SqlValue[],
	});
}
