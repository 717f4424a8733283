/** `tollway ledger reprice` */
import { AskError } from "./ask-error.ts";
import type { Given } from "./command-options.ts";
import type { ManagementApi } from "./management-api.ts";
import { print } from "./print.ts";
import { toSafeJson } from "./safe-json.ts";
import { escapeControls } from "./safe-text.ts";
import { openStatusLine } from "./status-line.ts";
import { UsageError } from "./usage-error.ts";
import { withApi } from "./with-api.ts";
import type { World } from "./world.ts";

/** As `POST /spend/reprice` answers. */
interface Answer extends SumRow {
	readonly looked_at: number;
	readonly models: readonly (SumRow & { readonly model: string })[];
	readonly kept: readonly Kept[];
	readonly entries: readonly object[];
	readonly next: string | null;
}

interface Kept {
	readonly why: string;
	readonly about: string;
	readonly entries: number;
}

interface SumRow {
	readonly changes: number;
	readonly before: { readonly cost: string };
	readonly after: { readonly cost: string };
}

/** First what would change; then, where somebody says yes, it is written down. Resolves with the exit code. */
export function repriceLedger(world: World, given: Given): Promise<number> {
	const { since, until, model, json = false, yes = false } = given;
	if (since === undefined && until === undefined && model === undefined) {
		throw new UsageError(
			"say which calls: --since or --until a day, or --model a name",
		);
	}
	const asked = {
		...(since !== undefined && { since }),
		...(until !== undefined && { until }),
		...(model !== undefined && { model }),
	};
	return withApi({ world, given }, async (api) => {
		const say = (text: string) => print(world.stdout, `${text}\n`);
		const tell = (sums: Sums, isDone: boolean) =>
			say(json ? toJson(sums, isDone) : toText(sums, isDone));
		const found = await askAll({ ...asked, dry_run: true }, api, world);
		if (found.changes === 0 || !(yes || (await isWanted(world, found, json)))) {
			return tell(found, false);
		}
		await tell(await askAll({ ...asked, dry_run: false }, api, world), true);
	});
}

/** Where nobody is there to ask, nothing is written. */
async function isWanted(
	world: World,
	sums: Sums,
	isJson: boolean,
): Promise<boolean> {
	if (isJson || !world.stdout.isTty) return false;
	await print(world.stdout, `${toText(sums, false)}\n`);
	const answer = await world.ask("Write these corrections down? [y/N] ");
	if (answer !== null && /^y(es)?$/i.test(answer.trim())) return true;
	throw new AskError("Nothing was changed.");
}

interface Sum {
	changes: number;
	before: bigint;
	after: bigint;
}

interface Sums extends Sum {
	lookedAt: number;
	readonly models: Map<string, Sum>;
	readonly kept: Map<string, Kept>;
	entries: readonly object[];
}

const openSum = (): Sum => ({ changes: 0, before: 0n, after: 0n });

/** One answer after the other, added up. Rejects with AskError. */
async function askAll(
	body: object,
	api: ManagementApi,
	world: World,
): Promise<Sums> {
	const sums: Sums = {
		...openSum(),
		lookedAt: 0,
		models: new Map(),
		kept: new Map(),
		entries: [],
	};
	const status = openStatusLine(world);
	let after: string | null = null;
	try {
		do {
			const asked = after === null ? body : { ...body, after };
			const question = { method: "POST", path: "/spend/reprice" } as const;
			const answer = (await api.ask({ ...question, body: asked })) as Answer;
			addAnswer(sums, answer);
			after = answer.next;
			status.show(
				`${toCount(sums.lookedAt)} looked at, ${toCount(sums.changes)} change`,
			);
		} while (after !== null);
	} finally {
		status.clear();
	}
	return sums;
}

function addAnswer(sums: Sums, answer: Answer): void {
	sums.lookedAt += answer.looked_at;
	if (sums.entries.length === 0) sums.entries = answer.entries;
	add(sums, answer);
	for (const row of answer.models) {
		const own = sums.models.get(row.model) ?? openSum();
		add(own, row);
		sums.models.set(row.model, own);
	}
	for (const kept of answer.kept) {
		const before = sums.kept.get(kept.why)?.entries ?? 0;
		sums.kept.set(kept.why, { ...kept, entries: before + kept.entries });
	}
}

function add(sum: Sum, row: SumRow): void {
	sum.changes += row.changes;
	sum.before += toNanos(row.before.cost);
	sum.after += toNanos(row.after.cost);
}

const places = 9;

/** Of `12.5`, exactly. */
function toNanos(dollars: string): bigint {
	const [whole = "0", fraction = ""] = dollars.split(".");
	return BigInt(whole + fraction.padEnd(places, "0"));
}

function toDollars(nanos: bigint): string {
	const digits = String(nanos < 0n ? -nanos : nanos).padStart(places + 1, "0");
	const fraction = digits.slice(-places).replace(/0{1,7}$/, "");
	return `${nanos < 0n ? "-" : ""}$${digits.slice(0, -places)}.${fraction}`;
}

const toCount = (count: number) => count.toLocaleString("en-US");

const toChange = ({ before, after }: Sum): string => {
	const more = after - before;
	return `${toDollars(before)} → ${toDollars(after)} (${more < 0n ? "" : "+"}${toDollars(more)})`;
};

function toText(sums: Sums, isDone: boolean): string {
	const verb = isDone ? "were corrected" : "would change";
	const head = `${toCount(sums.lookedAt)} looked at, ${toCount(sums.changes)} ${verb}`;
	if (sums.changes === 0) return [`${head}.`, ...toKept(sums)].join("\n");
	const models = [...sums.models].map(
		([model, sum]) =>
			`  ${escapeControls(model)}: ${toCount(sum.changes)}, ${toChange(sum)}`,
	);
	const more = isDone ? [] : ["Nothing is written yet; --yes writes it down."];
	return [
		`${head}: ${toChange(sums)}`,
		...models,
		...toKept(sums),
		...more,
	].join("\n");
}

const toKept = ({ kept }: Sums): string[] =>
	[...kept.values()].map(
		({ about, entries }) => `  ${toCount(entries)} ${escapeControls(about)}`,
	);

const toJsonSum = ({ changes, before, after }: Sum) => ({
	changes,
	before: toDollars(before).replace("$", ""),
	after: toDollars(after).replace("$", ""),
	difference: toDollars(after - before).replace("$", ""),
});

const toJson = (sums: Sums, isDone: boolean): string =>
	toSafeJson({
		dry_run: !isDone,
		looked_at: sums.lookedAt,
		...toJsonSum(sums),
		models: [...sums.models].map(([model, sum]) => ({
			model,
			...toJsonSum(sum),
		})),
		kept: [...sums.kept.values()],
		entries: sums.entries,
	});
