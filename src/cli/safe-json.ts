import { escapeControls } from "./safe-text.ts";

/** Indented JSON in which nothing hostile stands as itself. Its own line feeds are between the lines. */
export const toSafeJson = (value: unknown): string =>
	JSON.stringify(value, null, 2)
		.split("\n")
		.map((line) => escapeControls(line))
		.join("\n");
