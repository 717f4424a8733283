/** `tollway key info` */
import type { Given } from "./command-options.ts";
import {
	listFacts,
	readKeyRow,
	toMoney,
	toState,
	toTitle,
	toUtc,
} from "./key-row.ts";
import type { ManagementApi } from "./management-api.ts";
import { askOfKey, toAskedName } from "./name-key.ts";
import { print } from "./print.ts";
import { toSafeJson } from "./safe-json.ts";
import { type Paint, toPlainPaint } from "./terminal.ts";
import { withApi } from "./with-api.ts";
import type { World } from "./world.ts";

export interface KeyInfo {
	/** What the API was asked by. */
	readonly key: string;
	readonly info: unknown;
}

/** Rejects with AskError. */
export async function readInfo(
	name: string,
	api: ManagementApi,
): Promise<KeyInfo> {
	const key = await toAskedName(name, api);
	const answer = await askOfKey(name, () =>
		api.ask({ method: "GET", path: "/key/info", query: { key } }),
	);
	return { ...(answer as KeyInfo), key };
}

/** Pretty on a terminal, else JSON. Resolves with the exit code. */
export const showKey = (world: World, given: Given): Promise<number> =>
	withApi({ world, given }, async (api) => {
		const { stdout } = world;
		const info = await readInfo(given.argument ?? "", api);
		const text =
			given.json || !stdout.isTty
				? toSafeJson(info)
				: toText(info, world, toPlainPaint(world, stdout));
		await print(stdout, `${text}\n`);
	});

const labelColumns = 9;

/** Lines of label and value. */
export const toLines = (
	facts: readonly (readonly [string, string])[],
	paint: Paint,
): string[] =>
	facts.map(
		([label, value]) =>
			`  ${paint("dim", label.padEnd(labelColumns))} ${value}`,
	);

function toText(
	{ info }: KeyInfo,
	{ clock }: Pick<World, "clock">,
	paint: Paint,
): string {
	const row = readKeyRow(info);
	const state = toState(row, clock.now());
	const facts = listFacts(row).filter(([label]) => label !== "Alias");
	const style = state === "ok" ? "green" : "yellow";
	return [
		"",
		`  ${paint("bold", toTitle(row))}`,
		"",
		...toLines(
			[
				["State", paint(style, state)],
				["Spend", toMoney(row.spend)],
				...facts,
				["Created", toUtc(row.created_at)],
				["Changed", toUtc(row.updated_at)],
			],
			paint,
		),
		"",
	].join("\n");
}
