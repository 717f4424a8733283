/** Texts of the API's description as HTML: all escaped, what stands in backquotes as code. */
import { html } from "hono/html";

export const toText = (text: string) =>
	text
		.split("`")
		.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part));

/** An empty line parts them. */
export const toParagraphs = (text: string) =>
	text.split("\n\n").map((part) => html`<p>${toText(part)}</p>`);
