import type { Catalog } from "./catalog.ts";
import { type PriceSettings, readOwn, toPrices } from "./load-prices.ts";
import { watchFile } from "./watch-file.ts";

export interface PricesOptions extends PriceSettings {
	readonly pollMs?: number;
	/** The file was changed and its prices are in force from now on. Must not throw. */
	onChange?(catalog: Catalog): void;
	/** The file was changed and is wrong, or gone: a sentence per mistake. What was in force stays. Must not throw. */
	onProblem?(problems: readonly string[]): void;
}

export interface Prices {
	/** What is in force now: take it once per call. */
	catalog(): Catalog;
	close(): void;
}

const defaultPollMs = 1_000;

/** Throws an error with a line per mistake when the file is wrong from the start. */
export function openPrices(options: PricesOptions): Prices {
	const { path, pollMs = defaultPollMs, onChange, onProblem } = options;
	const own = readOwn(options);
	const first = toPrices(options, own);
	if (first.problems) throw new Error(first.problems.join("\n"));
	let { catalog } = first;
	if (path === null || own === null || "fault" in own) {
		return { catalog: () => catalog, close: () => {} };
	}
	const close = watchFile(path, {
		stamp: own.stamp,
		pollMs,
		onChange(file) {
			const loaded = toPrices(options, file);
			if (loaded.problems) {
				onProblem?.(loaded.problems);
				return;
			}
			({ catalog } = loaded);
			onChange?.(catalog);
		},
	});
	return { catalog: () => catalog, close };
}
