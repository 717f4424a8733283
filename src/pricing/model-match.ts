/** Under which name a model is summed, and which limits are about it. */
import { allowsModel } from "../domain/virtual-key.ts";
import type { Catalog } from "./catalog.ts";

/** The name of all models that the catalog does not know: clients can invent names. */
export const otherModel = "other";

/** The catalog's name for a model; `other` for one that it does not know; empty where there is none. */
export function toSumModel(
	model: string | null,
	atMs: number,
	catalog: Catalog,
): string {
	if (model === null) return "";
	const { price, known } = catalog.find(model, atMs);
	return known && price !== null ? price.model : otherModel;
}

export interface ModelMatch {
	/** As the sums name it now. */
	toSumModel(model: string): string;
	/**
	 * Whether a limit of that name or pattern is about a model, given as the sums name it. Of `other` all are that can be
	 * about a model without a price, for nobody can tell any more which it was.
	 */
	isFor(pattern: string, model: string): boolean;
	/** Another text after every change of the catalog. */
	version(): string;
}

/** Patterns and models that are remembered; with more, all are looked up anew. */
const maxRemembered = 1_000;

export function openModelMatch(
	catalog: () => Catalog,
	now: () => number,
): ModelMatch {
	let version = "";
	const remembered = new Map<string, boolean>();
	return {
		toSumModel: (model) => toSumModel(model, now(), catalog()),
		isFor: (pattern, model) => {
			const prices = catalog();
			if (version !== prices.version || remembered.size >= maxRemembered) {
				remembered.clear();
				version = prices.version;
			}
			const both = `${pattern}\n${model}`;
			const known = remembered.get(both);
			if (known !== undefined) return known;
			const is = isFor(pattern, model, { prices, atMs: now() });
			remembered.set(both, is);
			return is;
		},
		version: () => catalog().version,
	};
}

const provider = /^anthropic\//;

function isFor(
	pattern: string,
	model: string,
	{ prices, atMs }: { readonly prices: Catalog; readonly atMs: number },
): boolean {
	if (allowsModel([pattern], model)) return true;
	const named = toSumModel(pattern.replace(provider, ""), atMs, prices);
	// A pattern with a wildcard is no model's name, so it is `other` as well.
	if (named === model) return true;
	const found = prices.models.find((one) => one.model === model);
	return found?.aliases.some((one) => allowsModel([pattern], one)) ?? false;
}
