/** How SQLite keeps the kinds of column that the tables are written in. */
import {
	integer,
	primaryKey,
	sqliteTable,
	text,
	uniqueIndex,
} from "drizzle-orm/sqlite-core";

export const columns = {
	table: sqliteTable,
	uniqueIndex,
	primaryKey,
	text: (name: string) => text(name),
	/** A count, a size, a duration or a time: whole, below 2^53. */
	whole: (name: string) => integer(name),
	/** Nano-dollars, below 2^53 in a row (9 million dollars); sums may be larger. */
	nanos: (name: string) => integer(name),
	/** 0 or 1. */
	flag: (name: string) => integer(name),
};
