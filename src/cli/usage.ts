/** `tollway usage` */
import { z } from "zod";
import { AskError } from "./ask-error.ts";
import type { Given } from "./command-options.ts";
import { readKeys } from "./key-pages.ts";
import { readKeyRow, toMoney, toTitle } from "./key-row.ts";
import type { ManagementApi } from "./management-api.ts";
import { print } from "./print.ts";
import { toSafeJson } from "./safe-json.ts";
import { escapeControls } from "./safe-text.ts";
import { type Paint, toColumns, toPlainPaint } from "./terminal.ts";
import { withApi } from "./with-api.ts";
import type { World } from "./world.ts";

const dayMs = 86_400_000;
const days = 7;

/** Dollars, by name. */
type Amounts = Readonly<Record<string, number>>;

interface Usage {
	/** Days of UTC: the first and the last. */
	readonly from: string;
	readonly until: string;
	readonly today: number;
	readonly seven_days: number;
	/** Of the seven days. */
	readonly models: Amounts;
	readonly keys: Amounts;
	readonly tags: Amounts;
}

const amounts = z.record(z.string(), z.number());
/** A day has its keys beside these, each with its dollars. */
const dayRows = z.array(
	z
		.object({
			startTime: z.string(),
			spend: z.number(),
			models: amounts,
			users: amounts,
		})
		.catchall(z.number()),
);
const tagRows = z.array(
	z.object({ individual_request_tag: z.string(), total_spend: z.number() }),
);

/** Pretty on a terminal, else JSON. Resolves with the exit code. */
export const showUsage = (world: World, given: Given): Promise<number> =>
	withApi({ world, given }, async (api) => {
		const { stdout, clock } = world;
		const usage = await readUsage(api, clock.now());
		const text =
			given.json || !stdout.isTty
				? toSafeJson(usage)
				: toText(usage, toPlainPaint(world, stdout));
		await print(stdout, `${text}\n`);
	});

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function readUsage(api: ManagementApi, nowMs: number): Promise<Usage> {
	const until = toDay(nowMs);
	const from = toDay(nowMs - (days - 1) * dayMs);
	const query = { start_date: from, end_date: until };
	const ask = <T>(path: string, rows: z.ZodType<T>) =>
		api
			.ask({ method: "GET", path, query })
			.then((answer) => read(answer, rows));
	const found = await ask("/spend/logs", dayRows);
	const tags = await ask("/spend/tags", tagRows);
	const titles = new Map(
		(await readKeys(api)).map((key) => {
			const row = readKeyRow(key);
			return [row.token ?? "", toTitle(row)];
		}),
	);
	const keys = addUp(
		found.map(({ startTime, spend, models, users, ...keys }) => keys),
	);
	return {
		from,
		until,
		today: found.find(({ startTime }) => startTime === until)?.spend ?? 0,
		seven_days: found.reduce((sum, { spend }) => sum + spend, 0),
		models: addUp(found.map(({ models }) => models)),
		// One that was removed has no name any more.
		keys: addUp(
			Object.entries(keys).map(([id, spend]) => ({
				[titles.get(id) ?? id]: spend,
			})),
		),
		tags: addUp(
			tags.map((row) => ({ [row.individual_request_tag]: row.total_spend })),
		),
	};
}

function read<T>(answer: unknown, rows: z.ZodType<T>): T {
	const { success, data } = rows.safeParse(answer);
	if (success) return data;
	throw new AskError(
		"The gateway's answer is none that this version understands. Is it another version of Tollway?",
	);
}

/** The dearest first. */
function addUp(parts: readonly Amounts[]): Amounts {
	const sums = new Map<string, number>();
	for (const part of parts) {
		for (const [name, spend] of Object.entries(part)) {
			sums.set(name, (sums.get(name) ?? 0) + spend);
		}
	}
	return Object.fromEntries([...sums].sort(([, a], [, b]) => b - a));
}

const maxLines = 10;

function toText(usage: Usage, paint: Paint): string {
	const { today, seven_days, from, until, keys, models, tags } = usage;
	const parts = { "By key": keys, "By model": models, "By tag": tags };
	return [
		"",
		`  ${paint("bold", toMoney(today))} today (UTC), ${paint("bold", toMoney(seven_days))} from ${from} to ${until}`,
		...Object.entries(parts).flatMap(([title, part]) =>
			toPart(title, part, paint),
		),
		"",
	].join("\n");
}

function toPart(title: string, part: Amounts, paint: Paint): string[] {
	const all = Object.entries(part);
	if (all.length === 0) return [];
	const rows = all
		.slice(0, maxLines)
		.map(([name, spend]) => [toMoney(spend), escapeControls(name) || "none"]);
	const more = all.length - rows.length;
	return [
		"",
		`  ${paint("dim", title)}`,
		...toColumns(rows).map((line) => `  ${line}`),
		...(more > 0 ? [`  and ${more} more`] : []),
	];
}
