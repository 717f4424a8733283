/** The kinds of value that settings about prices can have. */
import { readDecimal } from "../domain/nanos.ts";
import { factorPlaces } from "../pricing/apply-factor.ts";
import type { UnknownModel } from "../pricing/catalog.ts";
import { kind } from "./kinds.ts";

const factorMost = 1_000n;

/** A decimal text: no float ever holds it. */
export const priceFactor = kind(
	`a decimal such as 0.87 or 1.1, above 0 and at most ${factorMost}, with at most ${factorPlaces} places`,
	(text) => {
		const parts = readDecimal(text, factorPlaces) ?? 0n;
		const most = factorMost * 10n ** BigInt(factorPlaces);
		return parts > 0n && parts <= most ? text : undefined;
	},
);

const unknownModels: Readonly<Record<string, UnknownModel>> = {
	dearest: "dearest",
	refuse: "refuse",
	unpriced: "unpriced",
};

export const unknownModel = kind("dearest, refuse or unpriced", (text) =>
	Object.hasOwn(unknownModels, text.toLowerCase())
		? unknownModels[text.toLowerCase()]
		: undefined,
);
