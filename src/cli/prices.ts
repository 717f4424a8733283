/** `tollway prices`: what calls cost now, and why. */
import { loadPrices } from "../pricing/load-prices.ts";
import { type LoadOptions, loadFrom, printProblems } from "./load-options.ts";
import { listModel, listPrices } from "./price-list.ts";
import { toPricesJsonText } from "./prices-json.ts";
import { toPricesText } from "./prices-text.ts";
import { escapeControls } from "./safe-text.ts";
import { toPlainPaint } from "./terminal.ts";
import { exitCodes, type World } from "./world.ts";

/** Pretty on a terminal, else JSON; 78 when settings or the file of prices have mistakes. */
export function printPrices(
	world: World,
	options: LoadOptions & { readonly json: boolean; readonly model?: string },
): number {
	const { config, problems } = loadFrom(world, options);
	if (config === null) {
		printProblems(world, problems);
		return exitCodes.config;
	}
	const { catalog, problems: mistakes } = loadPrices(config.prices);
	if (mistakes) {
		for (const mistake of mistakes) {
			world.stderr.write(`tollway: ${escapeControls(mistake)}\n`);
		}
		return exitCodes.config;
	}
	const atMs = world.clock.now();
	const list =
		options.model === undefined
			? listPrices(catalog, atMs)
			: listModel(options.model, catalog, atMs);
	const printed = { list, catalog, settings: config.prices, atMs };
	const { stdout } = world;
	const text =
		options.json || !stdout.isTty
			? toPricesJsonText(printed)
			: toPricesText(printed, {
					paint: toPlainPaint(world, stdout),
					width: stdout.columns ?? 100,
				});
	stdout.write(`${text}\n`);
	return exitCodes.ok;
}
