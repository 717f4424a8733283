/** From a text to a document of prices, or to one sentence for every mistake in it. */
import type { z } from "zod";
import type { TokenPrices } from "../domain/price.ts";
import {
	type Document,
	documentShape,
	type ModelRow,
	type PriceRow,
} from "./document.ts";

export type ReadDocument =
	| { readonly document: Document; readonly problems?: never }
	| { readonly document?: never; readonly problems: readonly string[] };

const shownCharactersMax = 60;

function toShown(value: unknown): string {
	const text = JSON.stringify(value) ?? "";
	return text.length > shownCharactersMax
		? `${text.slice(0, shownCharactersMax)}…`
		: text;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null;

const memberOf = (value: unknown, key: PropertyKey): unknown =>
	isRecord(value) && Object.hasOwn(value, key)
		? value[key as string]
		: undefined;

/** `models.3.prices.0` is read by nobody: the model's name is, and the day a price begins. */
function toPlace(path: readonly PropertyKey[], raw: unknown): string {
	const words: string[] = [];
	let value = raw;
	for (const [at, key] of path.entries()) {
		const list = path[at - 1];
		value = memberOf(value, key);
		if (typeof key !== "number") {
			// A list's name is said with the item's.
			if (typeof path[at + 1] !== "number") words.push(String(key));
			continue;
		}
		const model = memberOf(value, "model");
		const from = memberOf(value, "from");
		if (list === "models" && typeof model === "string") {
			words.push(`model ${toShown(model)}`);
		} else if (list === "prices" && typeof from === "string") {
			words.push(`price from ${toShown(from)}`);
		} else {
			words.push(`${String(list)}[${key}]`);
		}
	}
	return words.join(", ");
}

function toSentences(issue: z.core.$ZodIssue, raw: unknown): string[] {
	const place = toPlace(issue.path, raw);
	if (issue.code === "unrecognized_keys") {
		return issue.keys.map(
			(key) =>
				`${place && `${place}: `}${toShown(key)} is no member of a price file.`,
		);
	}
	const value = issue.path.reduce<unknown>(memberOf, raw);
	const found = value === undefined ? "is missing" : `is ${toShown(value)}`;
	return [`${place || "The file"} ${found}; ${issue.message}.`];
}

const kinds = [
	"input",
	"output",
	"cacheWrite5m",
	"cacheWrite1h",
	"cacheRead",
] as const satisfies readonly (keyof TokenPrices)[];

/** A surcharge below the standard price is a slip of the pen, and holds rely on there being none. */
function* findCheapSurcharges(row: PriceRow): Iterable<string> {
	for (const [name, prices] of [
		["longPrompt", row.longPrompt?.prices],
		["fast", row.fast],
	] as const) {
		for (const kind of kinds) {
			if (prices && prices[kind] < row.standard[kind]) {
				yield `${name}.${kind} is less than standard.${kind}; expected at least as much.`;
			}
		}
	}
}

function* findRowFaults({ prices }: ModelRow): Iterable<string> {
	const begun = new Set<string | null>();
	for (const row of prices) {
		const place =
			row.from === null
				? "price without a first day"
				: `price from "${row.from}"`;
		if (begun.has(row.from)) yield `there is a second ${place}.`;
		begun.add(row.from);
		if (row.until !== null && row.from !== null && row.until < row.from) {
			yield `${place}, until is "${row.until}"; expected no earlier day.`;
		}
		for (const fault of findCheapSurcharges(row)) yield `${place}, ${fault}`;
	}
}

/** Names that mean two models, and rows that contradict each other. */
export function* findContradictions({ models }: Document): Iterable<string> {
	const owners = new Map<string, string>();
	for (const row of models) {
		for (const name of [row.model, ...(row.aliases ?? [])]) {
			const owner = owners.get(name);
			if (owner !== undefined) {
				yield `model "${row.model}": the name "${name}" belongs to "${owner}" already.`;
			}
			owners.set(name, row.model);
		}
		for (const fault of findRowFaults(row)) {
			yield `model "${row.model}", ${fault}`;
		}
	}
}

const problemsMax = 20;

function toProblems(problems: readonly string[]): readonly string[] {
	const more = problems.length - problemsMax;
	return more > 0
		? [...problems.slice(0, problemsMax), `… and ${more} more.`]
		: problems;
}

/** A value as JSON has it. At most 20 problems and a count of the rest. */
export function toDocument(raw: unknown): ReadDocument {
	const read = documentShape.safeParse(raw);
	const problems = read.success
		? [...findContradictions(read.data)]
		: read.error.issues.flatMap((issue) => toSentences(issue, raw));
	return read.success && problems.length === 0
		? { document: read.data }
		: { problems: toProblems(problems) };
}

export function readDocument(text: string): ReadDocument {
	try {
		return toDocument(JSON.parse(text.replace(/^\ufeff/, "")));
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		return { problems: [`The file is no JSON: ${why}.`] };
	}
}
