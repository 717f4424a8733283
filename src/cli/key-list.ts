/** `tollway key list` */
import type { Given } from "./command-options.ts";
import { readKeys } from "./key-pages.ts";
import {
	type KeyRow,
	type KeyState,
	listBudgets,
	readKeyRow,
	toBudgetText,
	toMinute,
	toMoney,
	toState,
} from "./key-row.ts";
import { print } from "./print.ts";
import { toSafeJson } from "./safe-json.ts";
import { escapeControls } from "./safe-text.ts";
import { type Paint, type Style, toColumns, toPlainPaint } from "./terminal.ts";
import { withApi } from "./with-api.ts";
import type { World } from "./world.ts";

/** A table on a terminal, columns with tabs between them in a pipe, or JSON. Resolves with the exit code. */
export const listKeys = (world: World, given: Given): Promise<number> =>
	withApi({ world, given }, async (api) => {
		const { stdout, clock } = world;
		const keys = await readKeys(api);
		if (given.json) return print(stdout, `${toSafeJson(keys)}\n`);
		const nowMs = clock.now();
		const rows = keys.map(readKeyRow);
		const text = stdout.isTty
			? toTable(rows, { nowMs, paint: toPlainPaint(world, stdout) })
			: rows.map((row) => toTabbed(row, nowMs)).join("");
		await print(stdout, text);
	});

interface Column {
	readonly title: string;
	/** Amounts stand under each other by their last digit. */
	readonly right?: true;
	/** For people. */
	shown(row: KeyRow, nowMs: number): string;
	/** For programs; without it the same. */
	raw?(row: KeyRow, nowMs: number): string;
}

const clippedCharacters = 24;

function clip(value: string | null): string {
	const all = [...(value ?? "")];
	return all.length > clippedCharacters
		? `${all.slice(0, clippedCharacters - 1).join("")}…`
		: (value ?? "");
}

function toBudgetCell(row: KeyRow): string {
	const [first, ...more] = listBudgets(row);
	if (first === undefined) return "";
	const others = more.length > 0 ? ` +${more.length}` : "";
	return toBudgetText(first) + others;
}

const columns: readonly Column[] = [
	{
		title: "alias",
		shown: ({ key_alias }) => clip(key_alias),
		raw: ({ key_alias }) => key_alias ?? "",
	},
	{ title: "key", shown: ({ key_name }) => key_name },
	{
		title: "user",
		shown: ({ user_id }) => clip(user_id),
		raw: ({ user_id }) => user_id ?? "",
	},
	{
		title: "team",
		shown: ({ team_id }) => clip(team_id),
		raw: ({ team_id }) => team_id ?? "",
	},
	{
		title: "spend",
		right: true,
		shown: ({ spend }) => toMoney(spend),
		raw: ({ spend }) => toDecimal(spend),
	},
	{
		title: "budget",
		right: true,
		shown: toBudgetCell,
		raw: ({ max_budget }) => (max_budget === null ? "" : toDecimal(max_budget)),
	},
	{
		title: "resets (UTC)",
		shown: ({ budget_reset_at }) => toMinute(budget_reset_at),
		raw: ({ budget_reset_at }) => budget_reset_at ?? "",
	},
	{ title: "state", shown: toState },
	{
		title: "changed (UTC)",
		shown: ({ updated_at }) => toMinute(updated_at),
		raw: ({ updated_at }) => updated_at ?? "",
	},
];

/** Without an exponent, which not every reader of numbers takes. */
const toDecimal = (dollars: number): string =>
	dollars.toFixed(9).replace(/\.?0+$/, "");

/** The columns of the table, and the hash. */
const toTabbed = (row: KeyRow, nowMs: number): string =>
	`${[
		...columns.map(({ shown, raw = shown }) => raw(row, nowMs)),
		row.token ?? "",
	]
		.map((cell) => escapeControls(cell))
		.join("\t")}\n`;

const marks: Readonly<Record<KeyState, readonly [string, Style]>> = {
	ok: ["✓", "green"],
	blocked: ["✗", "red"],
	expired: ["!", "yellow"],
};

function toTable(
	rows: readonly KeyRow[],
	{ nowMs, paint }: { readonly nowMs: number; readonly paint: Paint },
): string {
	if (rows.length === 0) {
		return `There are no keys yet. ${paint("green", "tollway key create")} makes one.\n`;
	}
	const filled = columns
		.map((column) => ({
			column,
			cells: rows.map((row) => escapeControls(column.shown(row, nowMs))),
		}))
		.filter(({ cells }) => cells.some((cell) => cell !== ""))
		.map(({ column, cells }) => align(column, cells));
	const [head = "", ...lines] = toColumns(
		[-1, ...rows.keys()].map((at) =>
			filled.map((cells) => cells[at + 1] ?? ""),
		),
	);
	const spent = rows.reduce((sum, { spend }) => sum + spend, 0);
	const count = rows.length === 1 ? "1 key" : `${rows.length} keys`;
	return [
		paint("dim", `  ${head}`),
		...rows.map((row, at) => {
			const [mark, style] = marks[toState(row, nowMs)];
			return `${paint(style, mark)} ${lines[at]}`;
		}),
		"",
		paint("dim", `  ${count}, ${toMoney(spent)} spent`),
		"",
	].join("\n");
}

function align({ title, right }: Column, cells: readonly string[]): string[] {
	const all = [title, ...cells];
	if (!right) return all;
	const width = all.reduce((most, { length }) => Math.max(most, length), 0);
	return all.map((cell) => cell.padStart(width));
}
