/** Which price is in force for a model at a time. */
import { createHash } from "node:crypto";
import type { Price } from "../domain/price.ts";
import {
	type Document,
	type ModelRow,
	type PriceRow,
	toDocumentText,
} from "./document.ts";
import { toDayStartMs } from "./lay-over.ts";
import { findDearest, rowAt, toFamily } from "./stand-in.ts";

/** What becomes of a model that the catalog does not know. */
export type UnknownModel = "dearest" | "refuse" | "unpriced";

/**
 * How a name was matched: it is an `id` or `alias`; one without Claude Code's `[1m]` (`window`) or without its
 * `-YYYYMMDD` (`snapshot`); known, but from before its first price (`early`); unknown, and the dearest of its family
 * (`family`) or of all (`any`) stands in; or `none`.
 */
export type Match =
	| "id"
	| "alias"
	| "window"
	| "snapshot"
	| "early"
	| "family"
	| "any"
	| "none";

export interface Found {
	/** Null where the match is `none`. */
	readonly price: Price | null;
	readonly match: Match;
	/** False for `family`, `any` and `none`: with `refuse`, admission refuses such a call. */
	readonly known: boolean;
}

/** A price with its time and its reason. */
export interface CatalogRow {
	readonly price: Price;
	/** Days, both held; null: always has, always will. */
	readonly from: string | null;
	readonly until: string | null;
	readonly fromMs: number;
	/** The first moment it no longer holds. */
	readonly endMs: number;
	readonly own: boolean;
	readonly note: string | null;
}

export interface CatalogModel {
	readonly model: string;
	readonly aliases: readonly string[];
	readonly family: string | null;
	readonly retiresOn: string | null;
	/** The first moment upstream refuses it. */
	readonly retiresMs: number;
	readonly note: string | null;
	/** One after the other, none overlapping, the oldest first. */
	readonly rows: readonly CatalogRow[];
}

export interface Catalog {
	/** Day and a hash of everything in it: `2026-11-22-1a2b3c4d5e`. */
	readonly version: string;
	/** The document itself: `readDocument` and `openCatalog` make the same version of it again. */
	readonly text: string;
	readonly asOf: string | null;
	readonly unknownModel: UnknownModel;
	readonly models: readonly CatalogModel[];
	/** `atMs`: milliseconds since 1970. */
	find(model: string, atMs: number): Found;
}

const dayMs = 86_400_000;

function toRow(row: PriceRow, model: ModelRow): CatalogRow {
	const { from, until, own, note, ...prices } = row;
	const maxOutputTokens = model.maxOutputTokens ?? 0;
	return {
		price: {
			...prices,
			id: from === null ? model.model : `${model.model}@${from}`,
			model: model.model,
			maxInputTokens: model.maxInputTokens ?? 0,
			maxOutputTokens,
			maxBatchOutputTokens: model.maxBatchOutputTokens ?? maxOutputTokens,
		},
		from,
		until,
		fromMs: from === null ? Number.NEGATIVE_INFINITY : toDayStartMs(from),
		endMs:
			until === null ? Number.POSITIVE_INFINITY : toDayStartMs(until) + dayMs,
		own: own === true,
		note,
	};
}

const toModel = (row: ModelRow): CatalogModel => ({
	model: row.model,
	aliases: row.aliases ?? [],
	family: toFamily(row.model),
	retiresOn: row.retiresOn,
	retiresMs:
		row.retiresOn === null
			? Number.POSITIVE_INFINITY
			: toDayStartMs(row.retiresOn),
	note: row.note,
	rows: row.prices.map((price) => toRow(price, row)),
});

type Names = ReadonlyMap<
	string,
	{ readonly model: CatalogModel; readonly match: Match }
>;

function toNames(models: readonly CatalogModel[]): Names {
	const names = new Map<string, { model: CatalogModel; match: Match }>();
	for (const model of models) {
		names.set(model.model, { model, match: "id" });
		for (const alias of model.aliases) {
			names.set(alias, { model, match: "alias" });
		}
	}
	return names;
}

/** Claude Code appends `[1m]`; dated forms of later models do not exist, but may one day. */
function lookUp(name: string, names: Names) {
	const found = names.get(name);
	if (found) return found;
	const bare = name.replace(/\[1m\]$/, "");
	const window = names.get(bare);
	if (window) return { ...window, match: "window" as const };
	const snapshot = names.get(bare.replace(/-\d{8}$/, ""));
	return snapshot && { ...snapshot, match: "snapshot" as const };
}

function findKnown(name: string, atMs: number, names: Names) {
	const named = lookUp(name, names);
	if (!named) return undefined;
	const row = rowAt(named.model, atMs);
	if (row) return { price: row.price, match: named.match, known: true };
	const first = named.model.rows[0];
	return first && atMs < first.fromMs
		? { price: first.price, match: "early" as const, known: true }
		: undefined;
}

const nothing: Found = Object.freeze({
	price: null,
	match: "none",
	known: false,
});

function findStandIn(
	name: string,
	atMs: number,
	models: readonly CatalogModel[],
): Found {
	const family = toFamily(name);
	const relatives = models.filter((model) => model.family === family);
	const price = family === null ? undefined : findDearest(relatives, atMs);
	if (price) return { price, match: "family", known: false };
	const any = findDearest(models, atMs);
	return any ? { price: any, match: "any", known: false } : nothing;
}

/** Between two of them, nothing changes. */
function listTurnsMs(models: readonly CatalogModel[]): number[] {
	const turns = models.flatMap(({ retiresMs, rows }) => [
		retiresMs,
		...rows.flatMap(({ fromMs, endMs }) => [fromMs, endMs]),
	]);
	return [...new Set(turns.filter(Number.isFinite))].sort((a, b) => a - b);
}

/** Names come from clients: more of them than this, or longer ones, are looked up again every time. */
const memoNamesMax = 1_000;
const memoCharactersMax = 200;

interface Remembered {
	readonly found: Found;
	readonly fromMs: number;
	readonly endMs: number;
}

function openMemo(
	turnsMs: readonly number[],
	find: Catalog["find"],
): Catalog["find"] {
	const memo = new Map<string, Remembered>();
	return (name, atMs) => {
		const last = memo.get(name);
		if (last && last.fromMs <= atMs && atMs < last.endMs) return last.found;
		const found = find(name, atMs);
		if (name.length > memoCharactersMax) return found;
		const next = turnsMs.findIndex((turn) => atMs < turn);
		const at = next === -1 ? turnsMs.length : next;
		if (memo.size >= memoNamesMax) memo.clear();
		memo.set(name, {
			found,
			fromMs: turnsMs[at - 1] ?? Number.NEGATIVE_INFINITY,
			endMs: turnsMs[at] ?? Number.POSITIVE_INFINITY,
		});
		return found;
	};
}

const hashCharacters = 10;

function toVersion({ asOf }: Document, text: string): string {
	const hash = createHash("sha256").update(text).digest("hex");
	return `${asOf ?? "undated"}-${hash.slice(0, hashCharacters)}`;
}

/** The document must be complete and its rows in sequence, as `layOver` makes it. */
export function openCatalog(
	document: Document,
	{ unknownModel }: { readonly unknownModel: UnknownModel },
): Catalog {
	const text = toDocumentText(document);
	const models = document.models.map(toModel);
	const names = toNames(models);
	const find: Catalog["find"] = (name, atMs) =>
		findKnown(name, atMs, names) ??
		(unknownModel === "unpriced" ? nothing : findStandIn(name, atMs, models));
	return {
		version: toVersion(document, text),
		text,
		asOf: document.asOf,
		unknownModel,
		models,
		find: openMemo(listTurnsMs(models), find),
	};
}
