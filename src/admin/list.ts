/**
 * Lists as CSV and as JSONL: one way for all routes whose row says what of its answer is the list. A page of rows is made
 * when the one before it has gone out, so an answer may be as long as it likes.
 */

import { getLogger } from "@logtape/logtape";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { GatewayError } from "../domain/error.ts";
import { toLine } from "./csv.ts";

/** What of an answer is a list. */
export interface List<Asked, State> {
	/** Its member that is the list, which also names the column of rows that are mere texts; null: all of it is. */
	readonly member: string | null;
	/** For a list of which one answer may have a part only: all of it, a page at a time. Rejects as the route's answer does. */
	readonly pages?: (
		asked: Asked,
		state: State,
	) => AsyncIterable<readonly unknown[]>;
	/** Without pages, where one answer has no more rows than that. */
	readonly most?: number;
}

export const formats = {
	json: { type: "application/json", ending: "json" },
	csv: { type: "text/csv", ending: "csv" },
	jsonl: { type: "application/x-ndjson", ending: "jsonl" },
} as const;

export type Format = keyof typeof formats;

/** By what name a client may ask for each in `Accept`. */
const accepted: readonly (readonly [type: string, format: Format])[] = [
	["application/json", "json"],
	["text/csv", "csv"],
	["application/x-ndjson", "jsonl"],
	["application/jsonl", "jsonl"],
];

/** Rows of one answer; more are another program's work, or another time's. */
export const maxRows = 1_000_000;
/** Says so in the answer. */
export const maxRowsHeader = "x-tollway-max-rows";

const isFormat = (name: string): name is Format => Object.hasOwn(formats, name);

/**
 * What is asked for: by `?format=`, or else by `Accept`. Whoever accepts anything gets JSON.
 * @throws GatewayError `malformed_request` for one that there is not, or that the answer cannot have
 */
export function readFormat(c: Context, isList: boolean): Format {
	const name = c.req.query("format");
	if (name !== undefined && name !== "") {
		const format = name.toLowerCase();
		if (!isFormat(format)) {
			throw refuse(`must be ${Object.keys(formats).join(", ")}`);
		}
		if (format === "json" || isList) return format;
		throw refuse("what this route answers is no list: it comes as JSON only");
	}
	if (!isList) return "json";
	const type = accepts(c, {
		header: "Accept",
		supports: accepted.map(([one]) => one),
		default: formats.json.type,
	});
	return accepted.find(([one]) => one === type)?.[1] ?? "json";
}

const refuse = (why: string) =>
	new GatewayError("malformed_request", `format: ${why}.`, {
		answer: { param: "format" },
	});

/** The list in an answer. */
export function toRows(
	answer: unknown,
	{ member }: Pick<List<never, never>, "member">,
): readonly unknown[] {
	const found =
		member === null ? answer : (answer as Record<string, unknown>)[member];
	if (Array.isArray(found)) return found;
	throw new TypeError(`The answer has no list ${member ?? ""}`);
}

export interface ListReply {
	readonly format: Exclude<Format, "json">;
	/** Of the route. */
	readonly path: string;
	readonly member: string | null;
	readonly most: number;
}

/**
 * Rejects as long as nothing has gone out; later the transfer breaks off, so that nobody takes a part for the whole. When
 * the client goes away, no further page is made.
 */
export async function toListReply(
	pages: AsyncIterable<readonly unknown[]>,
	{ format, path, member, most }: ListReply,
): Promise<Response> {
	const { type, ending } = formats[format];
	const toText = format === "csv" ? openCsv(member) : toJsonLines;
	const texts = toTexts(pages, { toText, most });
	const first = await texts.next();
	const encoder = new TextEncoder();
	const body = new ReadableStream<Uint8Array>(
		{
			start: (controller) => {
				if (first.done) controller.close();
				else controller.enqueue(encoder.encode(first.value));
			},
			pull: async (controller) => {
				try {
					const { done, value } = await texts.next();
					if (done) controller.close();
					else controller.enqueue(encoder.encode(value));
				} catch (error) {
					tellBreak(path, error);
					controller.error(error);
				}
			},
			cancel: async () => {
				await texts.return(undefined);
			},
		},
		{ highWaterMark: 1 },
	);
	return new Response(body, {
		headers: {
			"content-type": `${type}; charset=utf-8`,
			"content-disposition": `attachment; filename="${toFileName(path)}.${ending}"`,
			[maxRowsHeader]: String(most),
			vary: "accept",
		},
	});
}

const tellBreak = (path: string, error: unknown) =>
	getLogger(["tollway", "admin"]).error(
		"The list of {path} broke off while it was sent: {error}",
		{ path, error },
	);

interface Writing {
	readonly toText: (rows: readonly unknown[]) => string;
	readonly most: number;
}

async function* toTexts(
	pages: AsyncIterable<readonly unknown[]>,
	{ toText, most }: Writing,
): AsyncGenerator<string, undefined, undefined> {
	let count = 0;
	for await (const rows of pages) {
		count += rows.length;
		if (count > most) {
			throw new RangeError(`The list has more than ${most} rows`);
		}
		const text = toText(rows);
		if (text !== "") yield text;
	}
}

/** `/spend/logs/v2` → `spend-logs-v2`. */
const toFileName = (path: string): string =>
	path
		.split("/")
		.filter((part) => part !== "" && !part.startsWith(":"))
		.join("-");

const toJsonLines = (rows: readonly unknown[]): string =>
	rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** The columns are those of the first rows: on later pages of a list there must be no others. */
function openCsv(member: string | null): Writing["toText"] {
	let columns: readonly string[] | null = null;
	const toRow = (row: unknown): Readonly<Record<string, unknown>> =>
		typeof row === "object" && row !== null
			? (row as Record<string, unknown>)
			: { [member ?? "value"]: row };
	return (rows) => {
		const all = rows.map(toRow);
		const head = columns === null && all.length > 0;
		columns ??= head ? [...new Set(all.flatMap(Object.keys))] : null;
		const names = columns ?? [];
		const known = new Set(names);
		const lines = all.map((row) => {
			const stranger = Object.keys(row).find((name) => !known.has(name));
			if (stranger !== undefined) {
				throw new TypeError(`The list has a late column, ${stranger}`);
			}
			return toLine(names.map((name) => row[name]));
		});
		return `${head ? toLine(names) : ""}${lines.join("")}`;
	};
}

/** One answer as the only page. */
export async function* onePage<Row>(
	rows: Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
	yield await rows;
}

/** What is at hand, made into rows some at a time. */
export async function* inPages<Item>(
	items: readonly Item[],
	{
		size,
		toPage,
	}: {
		readonly size: number;
		readonly toPage: (items: readonly Item[]) => Promise<readonly unknown[]>;
	},
): AsyncGenerator<readonly unknown[]> {
	for (let at = 0; at < items.length; at += size) {
		yield await toPage(items.slice(at, at + size));
	}
}
