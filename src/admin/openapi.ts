/** The management API as an OpenAPI document, out of the very tables that answer. */
import { setImmediate } from "node:timers/promises";
import { fieldWords, filterWords, type Word } from "./field-words.ts";
import { type HealthRoute, healthRoutes } from "./health.ts";
import { toExample, toJsonSchema } from "./json-schema.ts";
import { formats, maxRows, maxRowsHeader } from "./list.ts";
import type {
	Method,
	OpenApi,
	Operation,
	Parameter,
	PathItem,
	Tag,
} from "./openapi-document.ts";
import {
	errorReplies,
	errorSchemas,
	toErrorReplies,
} from "./openapi-errors.ts";
import { relayPaths, relayTag } from "./openapi-relay.ts";
import type { ManagedRoute } from "./route.ts";

type AnyRoute = Omit<ManagedRoute<never>, "answer" | "list"> & {
	readonly list?: { readonly most?: number } | undefined;
};

export interface OpenApiOptions {
	readonly version: string;
	/** Where clients reach the routes, without the origin: `/` or `/prefix`. */
	readonly rootPath: string;
}

const about = `The management API of Tollway, a pass-through gateway for the Anthropic API. Routes, fields and headers are LiteLLM's.

The master key goes into \`Authorization: Bearer …\` or into \`x-litellm-api-key\`. A gateway without a master key serves programs of its own machine only, and asks for none.

Bodies are JSON, whatever their \`Content-Type\` says. In a body \`null\` and \`""\` say nothing, in a query an empty parameter does. Money is in dollars, a duration is a text such as \`30d\`, and days are those of UTC.`;

/** Where a key may stand; the gateway takes it elsewhere, too. */
const securitySchemes = {
	bearer: {
		type: "http",
		scheme: "bearer",
		description: "The master key, or a key made with it",
	},
	"x-litellm-api-key": {
		type: "apiKey",
		in: "header",
		name: "x-litellm-api-key",
		description:
			"The same, where `Authorization` carries a credential of Anthropic's",
	},
} as const;

const security = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));

/** First part of a path → the group in which it stands; in this order, others behind them. */
const groups: Readonly<Record<string, string>> = {
	key: "Keys",
	team: "Teams",
	user: "Users",
	customer: "Customers",
	end_user: "Customers",
	budget: "Budgets",
	tag: "Tags",
	spend: "Spend",
	global: "Spend",
};

const healthTag: Tag = {
	name: "Health",
	description:
		"For probes. They cost nothing; whoever may not manage is told only ok or not.",
};

/**
 * Of any rows: what they do not say themselves is made of their schemas. The first reading of a schema takes milliseconds,
 * so calls that run get their turn after each row.
 */
export async function toOpenApi(
	routes: readonly AnyRoute[],
	{ version, rootPath }: OpenApiOptions,
): Promise<OpenApi> {
	const paths: Record<string, PathItem> = {};
	const add = (path: string, method: Method, operation: Operation) => {
		paths[path] = { ...paths[path], [method]: operation };
	};
	for (const route of routes) {
		const method = route.method.toLowerCase() as Method;
		add(toTemplate(route.path), method, toOperation(route));
		await setImmediate();
	}
	for (const route of healthRoutes) {
		add(route.path, "get", toHealthOperation(route));
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "Tollway",
			version,
			description: about,
			license: { name: "MIT", identifier: "MIT" },
		},
		servers: [{ url: rootPath }],
		security,
		tags: [...toTags(routes), healthTag, relayTag],
		paths: { ...paths, ...relayPaths },
		components: {
			securitySchemes,
			schemas: errorSchemas,
			responses: errorReplies,
		},
	};
}

const toTemplate = (path: string): string =>
	path.replace(/:(\w+)/g, (_, name) => `{${name}}`);

function toGroup(path: string): string {
	const first = path.split("/")[1] ?? "";
	return Object.hasOwn(groups, first)
		? (groups[first] ?? "")
		: first.charAt(0).toUpperCase() + first.slice(1);
}

function toTags(routes: readonly AnyRoute[]): Tag[] {
	const used = new Set(routes.map(({ path }) => toGroup(path)));
	const known = Object.values(groups).filter((name) => used.has(name));
	return [...new Set([...known, ...used])].map((name) => ({ name }));
}

const toOperationId = (method: string, path: string): string =>
	`${method.toLowerCase()}_${path.match(/\w+/g)?.join("_")}`;

const callers: Readonly<Record<AnyRoute["for"], string>> = {
	operator: "For the master key.",
	holder: "For the master key, and for the holder of a key about its own.",
};

function toOperation(route: AnyRoute): Operation {
	const { method, path, summary, query, body, example } = route;
	const parameters = [
		...toPathParameters(path),
		...(query ? toQueryParameters(route) : []),
		...(route.list ? [formatParameter] : []),
	];
	const reply = example?.reply && { example: example.reply() };
	return {
		operationId: toOperationId(method, path),
		summary,
		description: callers[route.for],
		"x-tollway-for": route.for,
		tags: [toGroup(path)],
		...(parameters.length > 0 && { parameters }),
		...(body && { requestBody: toRequestBody(route) }),
		responses: {
			200: {
				description: "Done",
				content: {
					[formats.json.type]: { ...reply },
					...(route.list && listContent),
				},
				...(route.list && { headers: toListHeaders(route.list) }),
			},
			...toErrorReplies(body ? [413] : []),
		},
	};
}

/** Of every list. */
const formatParameter: Parameter = {
	name: "format",
	in: "query",
	required: false,
	description: `The list as CSV or JSONL instead of JSON; \`Accept\` can say so, too. It is whole then, unless \`page\` is sent`,
	schema: {
		type: "string",
		enum: Object.keys(formats),
	},
};

const rows = { schema: { type: "string" } } as const;
const listContent = { [formats.csv.type]: rows, [formats.jsonl.type]: rows };

const toListHeaders = ({ most }: { readonly most?: number }) => ({
	[maxRowsHeader]: {
		description: `Of CSV and JSONL: how many rows there can be, here ${most ?? maxRows}. ${most === undefined ? "A longer list breaks off" : "Of a longer list it is the beginning"}`,
		schema: { type: "integer" },
	},
});

const toPathParameters = (path: string): Parameter[] =>
	[...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
		const word: Word | undefined = fieldWords[name];
		return {
			name,
			in: "path",
			required: true,
			...(word && { description: word.about }),
			schema: { type: "string", ...toExamples(word) },
		};
	});

const toExamples = (word: Word | undefined) =>
	word?.example === undefined ? {} : { examples: [word.example] };

function toQueryParameters({ query, example }: AnyRoute): Parameter[] {
	if (query === undefined) return [];
	const { properties = {}, required = [] } = toJsonSchema(query, filterWords);
	return Object.entries(properties).map(([name, field]) => {
		const { description, ...schema } = field;
		const shown = example?.query?.[name];
		return {
			name,
			in: "query",
			required: required.includes(name),
			...(description !== undefined && { description }),
			schema,
			...(shown !== undefined && { example: shown }),
		};
	});
}

function toRequestBody({
	body,
	mayBeEmpty,
	example,
}: AnyRoute): Operation["requestBody"] {
	if (body === undefined) return undefined;
	const schema = toJsonSchema(body, fieldWords);
	const shown = example?.body ?? toExample(schema);
	return {
		required: !mayBeEmpty,
		content: { "application/json": { schema, example: shown } },
	};
}

function toHealthOperation(route: HealthRoute): Operation {
	const { path, summary, tells, type, replies } = route;
	const detailed = tells === "detailed";
	return {
		operationId: toOperationId("get", path),
		summary,
		description: detailed
			? "For everybody; the master key is told more."
			: "For everybody.",
		tags: [healthTag.name],
		security: detailed ? [{}, ...security] : [],
		responses: Object.fromEntries(
			Object.entries(replies).map(([status, example]) => [
				status,
				{
					description: Number(status) === 200 ? "Yes" : "No",
					content: { [type]: { example } },
				},
			]),
		),
	};
}
