/** What can only be chosen when the file is made. */
import { expect, test } from "bun:test";
import { engines } from "./engines.ts";

const sqlite = engines[0] as (typeof engines)[number];

test.each([
	["page_size", 8192],
	["auto_vacuum", 2],
])("a new database has %s %i", async (name, value) => {
	const store = await sqlite.open();
	try {
		const sql = `PRAGMA ${name}`;
		const rows = await store.engine.readInOrder({ sql, values: [] });
		expect(rows).toEqual([[value]]);
	} finally {
		await store.stop();
	}
});
