/** The rows of the settings that say what calls cost. */
import * as kinds from "./kinds.ts";
import * as priceKinds from "./price-kinds.ts";
import type { Setting } from "./settings.ts";

export const priceSettings = {
	pricesPath: {
		group: "money",
		variables: ["TOLLWAY_PRICES_FILE"],
		type: kinds.path,
		about:
			"JSON file with prices of your own over the ones that are shipped; read again when it changes. `tollway prices` shows what is in force",
	},
	priceFactor: {
		group: "money",
		variables: ["TOLLWAY_PRICE_FACTOR"],
		type: priceKinds.priceFactor,
		fallback: "1",
		about: "Times every price: 0.87 for a discount, 1.1 for a margin",
	},
	unknownModel: {
		group: "money",
		variables: ["TOLLWAY_UNKNOWN_MODEL"],
		type: priceKinds.unknownModel,
		fallback: "dearest",
		about:
			"A model without a price: dearest (as much as the dearest of its family, marked as an estimate), refuse, or unpriced (costs 0 and says so)",
	},
} as const satisfies Record<string, Setting>;
