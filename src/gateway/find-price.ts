import { GatewayError } from "../domain/error.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { FindPrice } from "./hold-ask.ts";

/** What is in force at a moment. It throws GatewayError `unknown_model`, where the operator refuses those. */
export const toFindPrice =
	(catalog: Catalog, atMs: number): FindPrice =>
	(model) => {
		const { price, known } = catalog.find(model, atMs);
		if (!known && model !== "" && catalog.unknownModel === "refuse") {
			throw unknownModel(model);
		}
		return price;
	};

const maxQuoted = 100;

const unknownModel = (model: string): GatewayError =>
	new GatewayError(
		"unknown_model",
		`Tollway knows no price for the model ${JSON.stringify(model.slice(0, maxQuoted))}, and its operator lets no call through whose cost it cannot tell. Use another model, or ask the operator to add its price to TOLLWAY_PRICES_FILE.`,
	);
