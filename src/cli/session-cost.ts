/** What a session cost, as the gateway tells a caller and as people read it. */
import { z } from "zod";
import { AskError } from "./ask-error.ts";
import { type AskAsCaller, toReason } from "./caller.ts";
import { toMoney } from "./key-row.ts";
import { escapeControls } from "./safe-text.ts";
import { type Paint, toColumns } from "./terminal.ts";

const sums = z.object({
	calls: z.number(),
	/** Dollars. */
	spend: z.number(),
	/** Of the prompts, from 0 to 1; null without any. */
	cache_share: z.number().nullable(),
});

const sessionCost = sums.extend({
	/** Has more calls than are added up. */
	truncated: z.boolean(),
	by_model: z.array(sums.extend({ model: z.string() })),
});

export type SessionCost = z.output<typeof sessionCost>;

/** Null: the ledger has no call of it that the caller may see. Rejects with AskError. */
export async function readSessionCost(
	id: string,
	ask: AskAsCaller,
): Promise<SessionCost | null> {
	const path = `/spend/sessions/${encodeURIComponent(id)}`;
	const answer = await ask(path, { tree: "false" });
	if (answer.status === 404) return null;
	if (answer.status !== 200) throw new AskError(toReason(answer));
	const { success, data } = sessionCost.safeParse(answer.body);
	if (success) return data;
	throw new AskError(
		"The gateway's answer is none that this version understands. Is it another version of Tollway?",
	);
}

/** `83 %` */
export const toShare = (share: number): string =>
	`${Math.floor(share * 100)} %`;

const toCalls = (calls: number): string =>
	calls === 1 ? "1 call" : `${calls.toLocaleString("en-US")} calls`;

const toCached = (share: number | null): string =>
	share === null ? "" : `${toShare(share)} of the prompt from the cache`;

/** Lines, without a line break at the end; empty where no model was called. */
export function toSessionText(
	{ by_model: models, spend, truncated, cache_share: share }: SessionCost,
	paint: Paint,
): string {
	if (models.length === 0) return "";
	const calls = models.reduce((sum, model) => sum + model.calls, 0);
	const all = [toCalls(calls), toCached(share)].filter((part) => part !== "");
	const rows = models.map((model) => [
		escapeControls(model.model),
		toMoney(model.spend),
		toCalls(model.calls),
		model.cache_share === null ? "" : `${toShare(model.cache_share)} cached`,
	]);
	const cut = truncated ? ", and more than are added up here" : "";
	return [
		`tollway: this session cost ${paint("bold", toMoney(spend))}: ${all.join(", ")}${cut}`,
		...toColumns(rows).map((row) => paint("dim", `  ${row}`)),
	].join("\n");
}
