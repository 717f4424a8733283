/** The prices in force: what is shipped, the operator's own file over it, and a factor on all of it. */
import { applyFactor } from "./apply-factor.ts";
import { type Catalog, openCatalog, type UnknownModel } from "./catalog.ts";
import type { Document } from "./document.ts";
import { layOver } from "./lay-over.ts";
import shipped from "./prices.json" with { type: "json" };
import { readDocument, toDocument } from "./read-document.ts";
import { readWhole, type WholeFile } from "./watch-file.ts";

export interface PriceSettings {
	readonly unknownModel: UnknownModel;
	/** Times every unit price: a decimal such as `0.87`, with at most six places. */
	readonly factor: string;
	/** A document with prices of the operator's own; null: none. */
	readonly path: string | null;
}

/** Own prices as sentences name them: `/etc/tollway/prices.json: model "x" has no price.` */
export type LoadedPrices =
	| { readonly catalog: Catalog; readonly problems?: never }
	| { readonly catalog?: never; readonly problems: readonly string[] };

const nothing: Document = { asOf: null, models: [] };

function toShipped(): Document {
	const { document, problems } = toDocument(shipped);
	if (problems) throw new Error(`shipped prices: ${problems.join(" ")}`);
	return document;
}

/** `own`: the operator's file as it was read. */
export function toPrices(
	{ unknownModel, factor, path }: PriceSettings,
	own: WholeFile | null,
): LoadedPrices {
	if (own !== null && "fault" in own) {
		return { problems: [`${path} ${own.fault}.`] };
	}
	const upper = own === null ? { document: nothing } : readDocument(own.text);
	const laid = upper.document ? layOver(toShipped(), upper.document) : upper;
	if (laid.problems) {
		return { problems: laid.problems.map((problem) => `${path}: ${problem}`) };
	}
	const document = applyFactor(laid.document, factor);
	return { catalog: openCatalog(document, { unknownModel }) };
}

export const readOwn = ({ path }: PriceSettings): WholeFile | null =>
	path === null ? null : readWhole(path);

/** Reads the file anew. */
export const loadPrices = (settings: PriceSettings): LoadedPrices =>
	toPrices(settings, readOwn(settings));
