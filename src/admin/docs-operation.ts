/** One route on the API's page. */
import { html } from "hono/html";
import { toCurl } from "./docs-curl.ts";
import { toTypeText } from "./docs-fields.ts";
import { toText } from "./docs-text.ts";
import type { JsonSchema } from "./json-schema.ts";
import type {
	Method,
	Operation,
	Parameter,
	Reply,
} from "./openapi-document.ts";
import { withoutEffect } from "./read-input.ts";

export interface Shown {
	readonly path: string;
	readonly method: Method;
	readonly operation: Operation;
}

/** A route before this one whose fields this one takes as well. */
export interface Model {
	readonly shown: Shown;
	/** The names of the fields that both have, alike. */
	readonly alike: ReadonlySet<string>;
}

export function toArticle(shown: Shown, model: Model | null, base: string) {
	const { path, method, operation } = shown;
	const { operationId, summary, description, parameters = [] } = operation;
	return html`
<article id="${operationId}">
<h3><a href="#${operationId}">${toTitle([method], path)}</a></h3>
<p>${toText(summary)}. <span class="for">${toText(description)}</span></p>
${toTable("Path", parameters.filter(isIn("path")).map(toParameterRow))}
${toTable("Query", parameters.filter(isIn("query")).map(toParameterRow))}
${toBody(operation, model)}
<pre class="shell" tabindex="0"><code>${toCurl(operation, { base, path, method })}</code></pre>
${toReplies(operation)}
</article>`;
}

export const toTitle = (methods: readonly Method[], path: string) => html`
${methods.map((method) => html`<span class="method ${method}">${method.toUpperCase()}</span> `)}<code>${path}</code>`;

const isIn =
	(place: Parameter["in"]) =>
	(parameter: Parameter): boolean =>
		parameter.in === place;

interface Row {
	readonly name: string;
	readonly type: string;
	readonly required: boolean;
	readonly fallback: unknown;
	readonly about: string;
}

export const toHeaderRow = (name: string, about: string): Row => ({
	name,
	type: "",
	required: false,
	fallback: undefined,
	about,
});

const toParameterRow = (parameter: Parameter): Row => ({
	name: parameter.name,
	type: toTypeText(parameter.schema),
	required: parameter.required === true,
	fallback: parameter.schema.default,
	about: parameter.description ?? "",
});

/** Without the column of values where no row has any. */
export function toTable(title: string, rows: readonly Row[]) {
	if (rows.length === 0) return null;
	const typed = rows.some(({ type }) => type !== "");
	return html`
<table>
<caption>${title}</caption>
<thead><tr><th scope="col">Name</th>${typed && html`<th scope="col">Value</th>`}<th scope="col">Meaning</th></tr></thead>
<tbody>${rows.map(
		(row) => html`
<tr><th scope="row"><code>${row.name}</code>${row.required && html` <em>required</em>`}</th>${typed && toTypeCell(row)}<td>${toText(row.about)}</td></tr>`,
	)}
</tbody>
</table>`;
}

const toTypeCell = ({ type, fallback }: Row) =>
	html`<td class="type">${toText(type)}${fallback !== undefined && html`; else <code>${String(fallback)}</code>`}</td>`;

export const toFields = ({
	requestBody,
}: Operation): Readonly<Record<string, JsonSchema>> =>
	requestBody?.content["application/json"]?.schema?.properties ?? {};

function toBody(operation: Operation, model: Model | null) {
	if (operation.requestBody === undefined) return null;
	const { required = [] } =
		operation.requestBody.content["application/json"]?.schema ?? {};
	const own = Object.entries(toFields(operation)).filter(
		([name]) => !model?.alike.has(name),
	);
	const rows = own
		.filter(([, field]) => !(withoutEffect in field))
		.map(
			([name, field]): Row => ({
				name,
				type: toTypeText(field),
				required: required.includes(name),
				fallback: field.default,
				about: field.description ?? "",
			}),
		);
	const idle = own.filter(([, field]) => withoutEffect in field);
	return html`
${toTable("Body", rows)}
${model && html`<p>All other fields are those of <a href="#${model.shown.operation.operationId}">${model.shown.method.toUpperCase()} ${model.shown.path}</a>.</p>`}
${
	idle.length > 0 &&
	html`<p class="idle">Of LiteLLM's fields these have no effect here. They are welcome while they say nothing (<code>null</code>, <code>""</code>, <code>false</code>, <code>[]</code>, <code>{}</code>) and refused otherwise: ${idle.map(([name], at) => html`${at > 0 && ", "}<code>${name}</code>`)}.</p>`
}`;
}

const lineLength = 72;

/** On one line if it fits there. */
export function toJson(value: unknown): string {
	const line = JSON.stringify(value);
	return line.length > lineLength ? JSON.stringify(value, null, 2) : line;
}

/** Of errors there is a table for all. */
const toReplies = ({ responses }: Operation) =>
	Object.entries(responses).map(([status, reply]) =>
		"$ref" in reply ? null : toReply(status, reply),
	);

function toReply(status: string, { content }: Reply) {
	const [type, shown] = Object.entries(content ?? {})[0] ?? [];
	if (shown?.example === undefined) return null;
	const text =
		type === "text/plain" ? String(shown.example) : toJson(shown.example);
	return html`
<p class="answer">Answer, ${status}</p>
<pre tabindex="0"><code>${text}</code></pre>`;
}
