/** The API's description as one page that loads nothing: rendered from the document, with its style and script in it. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { html, raw } from "hono/html";
import { toFirstCall } from "./docs-curl.ts";
import {
	type Model,
	type Shown,
	toArticle,
	toFields,
	toHeaderRow,
	toJson,
	toTable,
	toTitle,
} from "./docs-operation.ts";
import { script } from "./docs-script.ts";
import { style } from "./docs-style.ts";
import { toParagraphs, toText } from "./docs-text.ts";
import type { Method, OpenApi, PathItem, Reply } from "./openapi-document.ts";

export interface DocsPage {
	readonly html: string;
	readonly headers: Readonly<Record<string, string>>;
}

const toSource = (text: string): string =>
	`'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing may be loaded, and of scripts and styles only these two run. */
const headers = {
	"content-security-policy": [
		"default-src 'none'",
		`script-src ${toSource(script)}`,
		`style-src ${toSource(style)}`,
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
	].join("; "),
	"referrer-policy": "no-referrer",
	"x-frame-options": "DENY",
};

/** @param base where the gateway is reached, without a slash at its end */
export function toDocsPage(document: OpenApi, base: string): DocsPage {
	const sections = document.tags.map((tag) => ({
		...tag,
		id: `group-${tag.name.toLowerCase()}`,
		items: Object.entries(document.paths).filter(([, item]) =>
			toShown(item).some(({ operation }) => operation.tags.includes(tag.name)),
		),
	}));
	const { info } = document;
	const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Tollway API</title>
<link rel="alternate" type="application/json" href="${base}/openapi.json">
<style>${raw(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip the list of routes</a>
<div class="page">
<nav aria-label="Routes">
<ul>
<li><a href="#main">Start</a></li>
${sections.map(toNavigation)}
<li><a href="#errors">Errors</a></li>
</ul>
</nav>
<main id="main">
<h1>${info.title} API <small>${info.version}</small></h1>
${toParagraphs(info.description)}
<p>For programs the same is at <a href="${base}/openapi.json">${base}/openapi.json</a> (OpenAPI 3.1). Commands here take the master key from <code>$TOLLWAY_MASTER_KEY</code> and anybody's key from <code>$GATEWAY_KEY</code>. A first call:</p>
<pre class="shell" tabindex="0"><code>${toFirstCall(base)}</code></pre>
${sections.map((section) => toSection(section, base))}
${toErrors(document)}
</main>
</div>
<script>${raw(script)}</script>
</body>
</html>
`;
	return { html: String(page), headers };
}

type Item = readonly [path: string, item: PathItem];

interface Section {
	readonly id: string;
	readonly name: string;
	readonly description?: string;
	readonly items: readonly Item[];
}

const methods: readonly Method[] = ["get", "post", "put", "patch", "delete"];

const toShown = (item: PathItem, path = ""): Shown[] =>
	methods.flatMap((method) => {
		const operation = item[method];
		return operation ? [{ path, method, operation }] : [];
	});

/** A path of the relay is one thing, whatever the method. */
const isRelayed = ([, item]: Item): boolean => item.parameters !== undefined;

const toNavigation = ({ id, name, items }: Section) => html`
<li><a href="#${id}">${name}</a>
<ul>${items.map(([path, item]) =>
	isRelayed([path, item])
		? html`
<li><a href="#${toRelayId(path)}"><code>${path}</code></a></li>`
		: toShown(item).map(
				({ method, operation }) => html`
<li><a href="#${operation.operationId}">${toTitle([method], path)}</a></li>`,
			),
)}
</ul></li>`;

function toSection({ id, name, description, items }: Section, base: string) {
	const before: Shown[] = [];
	return html`
<section aria-labelledby="${id}">
<h2 id="${id}">${name}</h2>
${description && toParagraphs(description)}
${items.map((item) =>
	isRelayed(item)
		? toRelayed(item, items)
		: toShown(item[1], item[0]).map((shown) => {
				const model = findModel(shown, before);
				before.push(shown);
				return toArticle(shown, model, base);
			}),
)}
</section>`;
}

const toRelayId = (path: string): string => `relay-${path.split("/")[1]}`;

/** The headers are the same for all; the first path has them. */
function toRelayed([path, item]: Item, [first]: readonly Item[]) {
	const shown = toShown(item, path);
	const operation = shown[0]?.operation;
	const title = toTitle(
		shown.map(({ method }) => method),
		path,
	);
	return html`
<article id="${toRelayId(path)}">
<h3><a href="#${toRelayId(path)}">${title}</a></h3>
<p>${toText(item.summary ?? "")}. ${toText(operation?.description ?? "")}</p>
${first?.[0] === path && toHeaderTables(item, operation?.responses.default as Reply)}
</article>`;
}

const toHeaderTables = ({ parameters = [] }: PathItem, reply: Reply) => [
	toTable(
		"Headers that are read, and stay here",
		parameters
			.filter((one) => one.in === "header")
			.map(({ name, description = "" }) => toHeaderRow(name, description)),
	),
	toTable(
		"Headers that the reply gets",
		Object.entries(reply.headers ?? {}).map(([name, { description }]) =>
			toHeaderRow(name, description),
		),
	),
];

/** So few fields are shown twice. */
const fewFields = 8;

/** The first route with so many fields that this one takes all, either the same or explained by itself. */
function findModel(shown: Shown, before: readonly Shown[]): Model | null {
	const fields = toFields(shown.operation);
	for (const one of before) {
		const theirs = Object.entries(toFields(one.operation));
		const alike = theirs
			.filter(([name, field]) => isDeepStrictEqual(field, fields[name]))
			.map(([name]) => name);
		const all = theirs.every(([name]) => name in fields);
		if (all && alike.length > fewFields) {
			return { shown: one, alike: new Set(alike) };
		}
	}
	return null;
}

function toErrors({ components }: OpenApi) {
	const replies = Object.entries(components.responses);
	const [, example] = replies[0] ?? [];
	return html`
<section aria-labelledby="errors">
<h2 id="errors">Errors</h2>
<p>All routes but those of the relay answer errors like this. The message says what is wrong, whose it is and what to do.</p>
<pre tabindex="0"><code>${toJson(example?.content?.["application/json"]?.example)}</code></pre>
<table>
<caption>Statuses</caption>
<tbody>${replies.map(
		([name, { description }]) => html`
<tr><th scope="row"><code>${name.replace("Error", "")}</code></th><td>${description}</td></tr>`,
	)}
</tbody>
</table>
</section>`;
}
