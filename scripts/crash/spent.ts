import { emptyUsage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { toTokens } from "../../src/simulator/prompt.ts";
import type { Exchange } from "../../src/simulator/record.ts";
import { type CallPlan, toPromptTokens } from "./plan.ts";
import { readPlain, readStream, toNanosOf } from "./truth.ts";

/** What upstream charges for a call: its prompt, and what it had written until its client left. */
export function toSpent(
	{ sent }: Exchange,
	plan: CallPlan,
	catalog: Catalog,
	startedMs: number,
): bigint {
	const text = Buffer.from(sent.body.bytes).toString();
	const told = plan.stream
		? readStream(text)
		: text !== "" && readPlain(sent.status ?? 0, text);
	const usage =
		told && typeof told === "object"
			? told
			: {
					...emptyUsage,
					model: plan.model,
					input: toPromptTokens(plan),
					output: toTokens(readText(text)),
				};
	return toNanosOf(usage, catalog, startedMs) ?? 0n;
}

const readText = (stream: string): string =>
	[...stream.matchAll(/"text_delta","text":("(?:[^"\\]|\\.)*")/g)]
		.map(([, text = '""']) => JSON.parse(text) as string)
		.join("");
