/** How PostgreSQL keeps the kinds of column that the tables are written in; in a schema of our own. */
import {
	bigint,
	pgSchema,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
} from "drizzle-orm/pg-core";

export const schema = pgSchema("tollway");

export const columns = {
	table: schema.table,
	uniqueIndex,
	primaryKey,
	text: (name: string) => text(name),
	whole: (name: string) => bigint(name, { mode: "number" }),
	nanos: (name: string) => bigint(name, { mode: "number" }),
	flag: (name: string) => smallint(name),
};
