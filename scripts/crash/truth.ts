/** What a call costs by what its client was told, read without the gateway's own meter. */
import type { Nanos } from "../../src/domain/nanos.ts";
import { emptyUsage, type Usage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { toCost } from "../../src/pricing/cost.ts";
import { loadPrices } from "../../src/pricing/load-prices.ts";
import { type CallPlan, toPromptTokens } from "./plan.ts";

/** `free`: nothing may be charged. `some`: the reply broke off, and what was charged is an estimate. */
export type Told = Usage | "free" | "some";

interface WireUsage {
	readonly input_tokens?: number;
	readonly output_tokens?: number;
	readonly cache_read_input_tokens?: number | null;
	readonly cache_creation_input_tokens?: number | null;
	readonly cache_creation?: {
		readonly ephemeral_5m_input_tokens: number;
		readonly ephemeral_1h_input_tokens: number;
	} | null;
	readonly service_tier?: string | null;
	readonly inference_geo?: string | null;
	readonly speed?: string | null;
}

const toUsage = (model: string, wire: WireUsage): Usage => ({
	...emptyUsage,
	model,
	input: wire.input_tokens ?? 0,
	output: wire.output_tokens ?? 0,
	cacheRead: wire.cache_read_input_tokens ?? 0,
	cacheWrite5m: wire.cache_creation?.ephemeral_5m_input_tokens ?? 0,
	cacheWrite1h: wire.cache_creation?.ephemeral_1h_input_tokens ?? 0,
	serviceTier: wire.service_tier ?? null,
	inferenceGeo: wire.inference_geo ?? null,
	speed: wire.speed ?? null,
});

/** Of a whole JSON reply. */
export function readPlain(status: number, text: string): Told {
	if (status !== 200) return "free";
	const { model, usage } = JSON.parse(text) as {
		model: string;
		usage: WireUsage;
	};
	return toUsage(model, usage);
}

interface WireEvent {
	readonly type: string;
	readonly message?: { readonly model: string; readonly usage: WireUsage };
	readonly usage?: WireUsage;
}

/** Of a stream so far; null while its end has not come. */
export function readStream(text: string): Told | null {
	if (!/(?:^|\n)event: (?:message_stop|error)\n.*\n\n/.test(text)) return null;
	let model = "";
	let usage: WireUsage = {};
	for (const block of text.split("\n\n")) {
		const data = /^data: (.*)$/m.exec(block)?.[1];
		if (data === undefined) continue;
		const event = JSON.parse(data) as WireEvent;
		if (event.type === "error") return "some";
		if (event.message) {
			model = event.message.model;
			usage = event.message.usage;
		}
		if (event.type === "message_delta") usage = { ...usage, ...event.usage };
	}
	return toUsage(model, usage);
}

export function openCatalog(): Catalog {
	const { catalog, problems } = loadPrices({
		unknownModel: "dearest",
		factor: "1",
		path: null,
	});
	if (problems) throw new Error(problems.join(" "));
	return catalog;
}

export const toNanosOf = (
	usage: Usage,
	catalog: Catalog,
	startedMs: number,
): Nanos | null =>
	toCost(usage, catalog, { atMs: startedMs, requestedModel: usage.model })
		.nanos;

/** What upstream charges for the prompt alone. */
export function toPromptNanos(
	plan: CallPlan,
	catalog: Catalog,
	startedMs: number,
): Nanos {
	const input = toPromptTokens(plan);
	const usage = { ...emptyUsage, model: plan.model, input };
	const nanos = toNanosOf(usage, catalog, startedMs);
	if (nanos === null) throw new Error(`${plan.model} has no price`);
	return nanos;
}
