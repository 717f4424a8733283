/** `tollway ledger verify` */
import { toDatabaseText } from "../store/database-url.ts";
import { StoreError } from "../store/engine.ts";
import {
	type Finding,
	type FindingName,
	findingKinds,
	maxTold,
} from "../store/verify/findings.ts";
import { type Given, toLoadOptions } from "./command-options.ts";
import { loadFrom, printProblems } from "./load-options.ts";
import { print } from "./print.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import { openStatusLine } from "./status-line.ts";
import { type Paint, toPlainPaint } from "./terminal.ts";
import { exitCodes, type VerifiedLedger, type World } from "./world.ts";

/** Findings as they come, then the result: text on a terminal, else lines of JSON. 0: nothing is damaged. */
export async function printVerified(
	world: World,
	given: Given,
): Promise<number> {
	const { stdout, stderr } = world;
	const { config, problems } = loadFrom(world, toLoadOptions(given));
	if (config === null) {
		printProblems(world, problems);
		return exitCodes.config;
	}
	const isJson = given.json === true || !stdout.isTty;
	const paint = toPlainPaint(world, stdout);
	const progress = openStatusLine(world);
	const say = (text: string) => {
		progress.clear();
		return print(stdout, `${text}\n`);
	};
	try {
		const verified = await world.verifyLedger(config, {
			onFinding: (finding) =>
				void say(isJson ? toJson(finding) : toText(finding, paint)),
			onProgress: (done, all) => progress.show(toProgress(done, all)),
		});
		const name = toDatabaseText(config.database);
		await say(
			isJson
				? JSON.stringify({
						result: toWord(verified),
						database: name,
						...verified,
					})
				: toSummary(verified, name, paint),
		);
		return verified.ok ? exitCodes.ok : exitCodes.failed;
	} catch (error) {
		progress.clear();
		stderr.write(`tollway: ${toFailure(error)}\n`);
		return exitCodes.failed;
	}
}

function toProgress(done: number, all: number): string {
	const percent = Math.floor((100 * done) / Math.max(1, all));
	return `${toCount(done)} of ${toCount(all)} Entries (${percent} %)`;
}

const toWord = ({ ok }: VerifiedLedger) => (ok ? "ok" : "damaged");

/** What cannot be explained is a fault of the program's own, and keeps its trace. */
function toFailure(error: unknown): string {
	const { code } = (error ?? {}) as { code?: unknown };
	if (!(error instanceof StoreError) && typeof code !== "string") throw error;
	const { message } = error as Error;
	return redactKeys(escapeControls(message));
}

const toJson = ({ kind, ...place }: Finding): string => {
	const { severity, advice } = findingKinds[kind];
	return escapeControls(
		JSON.stringify({ finding: kind, severity, ...place, advice }),
	);
};

function toPlace({ writer, seq, id }: Finding): string {
	const parts = [
		writer === null ? "" : `writer ${writer}`,
		seq === null ? "" : `number ${seq}`,
		id === null ? "" : id,
	];
	return parts.filter((part) => part !== "").join(", ");
}

function toText(finding: Finding, paint: Paint): string {
	const { severity, advice } = findingKinds[finding.kind];
	const isDamage = severity === "damage";
	const mark = isDamage ? paint("red", "✗") : paint("yellow", "!");
	const title = paint("bold", finding.kind.replace("_", " "));
	return [
		`  ${mark} ${title} ${escapeControls(toPlace(finding))}`,
		`    ${escapeControls(finding.detail)}`,
		`    ${paint("dim", advice)}`,
	].join("\n");
}

const toCount = (count: number) => count.toLocaleString("en-US");

function toSummary(
	verified: VerifiedLedger,
	name: string,
	paint: Paint,
): string {
	const { ok, counts, entries, writers, sums, recomputed, held } = verified;
	const kinds = Object.entries(counts) as [FindingName, number][];
	const mark = ok ? paint("green", "✓") : paint("red", "✗");
	const untold = kinds.filter(([, count]) => count > maxTold);
	return [
		"",
		`  ${mark} ${escapeControls(name)} is ${ok ? "as it was written" : "damaged"}`,
		`    ${toCount(entries)} Entries of ${toCount(writers)} writers, ${toCount(sums)} sums, ${toCount(recomputed)} costs computed again, ${toCount(held)} calls in progress`,
		...kinds.map(
			([kind, count]) => `    ${toCount(count)} × ${kind.replace("_", " ")}`,
		),
		...(untold.length > 0
			? [`    Of each kind the first ${maxTold} are shown.`]
			: []),
		...(verified.unchecked === null
			? []
			: [`    ${paint("dim", escapeControls(verified.unchecked))}`]),
		"",
	].join("\n");
}
