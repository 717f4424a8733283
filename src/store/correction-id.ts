/** Under which ids the corrections of an Entry stand on the ledger. */
import { hash } from "node:crypto";
import type { Entry } from "../domain/entry.ts";
import { toIdStart } from "./read-entries.ts";

type Named = Pick<Entry, "id" | "startedMs">;

/** Of one Entry: the number has twelve bits of the id. */
export const maxCorrections = 4_095;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-/;
const startLength = "00000000-0000".length;

/** With what they begin: the time of their Entry's id, so that they lie beside it in the index; of a batch its start. */
export const toCorrectionStart = ({ id, startedMs }: Named): string =>
	uuid.test(id) ? id.slice(0, startLength) : toIdStart(startedMs);

/** The first text behind all ids that begin so. */
export const toStartEnd = (start: string): string => `${start}.`;

/**
 * A UUID, version 7, that is the same whoever makes it: of two that correct an Entry at once the ledger takes one. Those of
 * one Entry are in the order of their numbers.
 */
export function toCorrectionId(entry: Named, number: number): string {
	const digits = hash("sha256", `${entry.id}\n${number}`);
	const at = number.toString(16).padStart(3, "0");
	const start = toCorrectionStart(entry);
	return `${start}-7${at}-8${digits.slice(0, 3)}-${digits.slice(3, 15)}`;
}
