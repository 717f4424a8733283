/**
 * `bun run prefill -- --database <file> [--entries 1000000] [--seed 1] [--days 30] [--until 2026-11-29]`: makes a database
 * with so many Entries of made-up calls, as a gateway would have written them. The same arguments give the same Entries.
 * A line on a terminal, JSON in a pipe.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureFile, openLedgerFile } from "./prefill/ledger-file.ts";
import { makeGroups, type Plan, toStartMs } from "./prefill/make-groups.ts";
import { say } from "./say.ts";

const usage =
	"Usage: bun run prefill -- --database <file> [--entries N] [--seed N] [--days N] [--until YYYY-MM-DD]";
const tellEvery = 100_000;

function readArguments(): Plan & { path: string } {
	const { values } = parseArgs({
		options: {
			database: { type: "string" },
			entries: { type: "string", default: "1000000" },
			seed: { type: "string", default: "1" },
			days: { type: "string", default: "30" },
			until: { type: "string", default: "2026-11-29" },
		},
	});
	const toCount = (name: "entries" | "seed" | "days") => {
		if (/^\d{1,10}$/.test(values[name])) return Number(values[name]);
		throw new Error(`--${name} is a whole number.`);
	};
	const path = values.database;
	if (path === undefined) throw new Error("--database is missing.");
	if (existsSync(path)) throw new Error(`${path} is there already.`);
	const untilMs = Date.parse(`${values.until}T00:00:00Z`);
	if (Number.isNaN(untilMs)) throw new Error("--until is a day, YYYY-MM-DD.");
	return {
		path,
		entries: toCount("entries"),
		seed: toCount("seed"),
		days: Math.max(1, toCount("days")),
		untilMs,
	};
}

async function fill({ path, ...plan }: ReturnType<typeof readArguments>) {
	const file = await openLedgerFile(path, toStartMs(plan));
	let added = 0;
	for (const group of makeGroups(plan)) {
		await file.add(group);
		const before = Math.floor(added / tellEvery);
		added += group.length;
		if (Math.floor(added / tellEvery) > before)
			say(`${added.toLocaleString("en")} of ${plan.entries} Entries`);
	}
	await file.close();
	return measureFile(path);
}

try {
	const wanted = readArguments();
	const size = await fill(wanted);
	const { entries, bytes, bytesPerEntry } = size;
	console.log(
		process.stdout.isTTY
			? `${entries.toLocaleString("en")} Entries, ${(bytes / 1e6).toFixed(1)} MB, ${bytesPerEntry.toFixed(0)} bytes per Entry with indexes and sums`
			: JSON.stringify(size),
	);
} catch (error) {
	say(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
	process.exit(2);
}
