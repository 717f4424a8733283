/** How a key is named on the command line, and how it is asked for: never by itself. */
import { createHash } from "node:crypto";
import { AskError } from "./ask-error.ts";
import { readKeys } from "./key-pages.ts";
import { readKeyRow } from "./key-row.ts";
import type { ManagementApi } from "./management-api.ts";
import { quote } from "./safe-text.ts";

const shortForm = /^sk-\.\.\.(.{1,8})$/;
/** Of a shorter text four characters would be too much of it. */
const minKeyLength = 20;

/** A whole key as `sk-...Wxyz`, any other name in quotes. */
export function showName(name: string): string {
	if (!name.startsWith("sk-") || shortForm.test(name)) return quote(name);
	return quote(`sk-...${name.length >= minKeyLength ? name.slice(-4) : ""}`);
}

export const noSuchKey = (name: string): AskError =>
	new AskError(
		`There is no key ${showName(name)}. \`tollway key list\` lists all there are.`,
	);

/**
 * What the API finds it by: the alias or hash as it was given, the hash of a key (which then stands in no log on the
 * way), the id of the only key that ends so. Rejects with AskError.
 */
export async function toAskedName(
	name: string,
	api: ManagementApi,
): Promise<string> {
	if (!name.startsWith("sk-")) return name;
	if (!shortForm.test(name)) {
		return createHash("sha256").update(name).digest("hex");
	}
	const found = (await readKeys(api))
		.map(readKeyRow)
		.filter(({ key_name }) => key_name === name);
	const [only] = found;
	if (found.length > 1) {
		throw new AskError(
			`${found.length} keys are ${quote(name)}. Name yours by its alias, or by its hash: \`tollway key list --json\` has it as token.`,
		);
	}
	if (!only?.token) throw noSuchKey(name);
	return only.token;
}

/** Says whose name it was that the gateway does not know. */
export async function askOfKey<T>(
	name: string,
	ask: () => Promise<T>,
): Promise<T> {
	try {
		return await ask();
	} catch (error) {
		const unknown = error instanceof AskError && error.status === 404;
		throw unknown ? noSuchKey(name) : error;
	}
}
