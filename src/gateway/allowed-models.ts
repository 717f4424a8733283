/** Whether a key may have the models that a call can reach. */
import { GatewayError } from "../domain/error.ts";
import { allowsModel } from "../domain/virtual-key.ts";
import type { OpenCall } from "./open-call.ts";

/** Where a body names models that may run besides the one that it asks for. */
const hiddenSlots: ReadonlySet<string> = new Set([
	"fallback.model",
	"tool.model",
]);

const maxQuoted = 100;
const maxListed = 10;

/** @throws GatewayError `model_not_allowed` */
export function requireModels({ grant, scan, model }: OpenCall): void {
	const allowed = grant?.key?.models ?? [];
	if (allowed.length === 0 || scan === null) return;
	requireModel(allowed, model ?? "");
	for (const { slot, value } of scan.findings) {
		if (hiddenSlots.has(slot)) requireModel(allowed, String(value));
		// `"fallbacks": "default"` leaves the choice to upstream.
		else if (slot === "call.fallbacks" && !allowsModel(allowed, "")) {
			throw new GatewayError(
				"model_not_allowed",
				`This key may use certain models only, and "fallbacks": "default" lets upstream choose any. Name the fallbacks instead.`,
			);
		}
	}
}

function requireModel(allowed: readonly string[], model: string): void {
	if (allowsModel(allowed, model)) return;
	const listed = allowed.slice(0, maxListed).join(", ");
	const more = allowed.length > maxListed ? ", …" : "";
	throw new GatewayError(
		"model_not_allowed",
		`This key may not use the model ${JSON.stringify(model.slice(0, maxQuoted))}. It may use: ${listed}${more}. Ask the gateway's operator for more.`,
	);
}
