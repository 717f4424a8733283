/** OpenAPI 3.1, as much of it as ours has. */
import type { JsonSchema } from "./json-schema.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

export interface Parameter {
	readonly name: string;
	readonly in: "path" | "query" | "header";
	readonly required?: boolean;
	readonly description?: string;
	readonly schema: JsonSchema;
	readonly example?: unknown;
}

interface Content {
	readonly [type: string]: {
		readonly schema?: JsonSchema;
		readonly example?: unknown;
	};
}

export interface Reply {
	readonly description: string;
	readonly headers?: Readonly<
		Record<string, { description: string; schema: JsonSchema }>
	>;
	readonly content?: Content;
}

export interface Reference {
	readonly $ref: string;
}

export interface Operation {
	readonly operationId: string;
	readonly summary: string;
	readonly description: string;
	/** Whose key it takes; absent: none, or one for Anthropic. */
	readonly "x-tollway-for"?: "operator" | "holder";
	readonly tags: readonly string[];
	readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
	readonly parameters?: readonly Parameter[];
	readonly requestBody?: {
		readonly required: boolean;
		readonly content: Content;
	};
	readonly responses: Readonly<Record<string, Reply | Reference>>;
}

export interface PathItem extends Partial<Record<Method, Operation>> {
	readonly summary?: string;
	readonly parameters?: readonly Parameter[];
}

export interface Tag {
	readonly name: string;
	readonly description?: string;
}

export interface OpenApi {
	readonly openapi: string;
	readonly info: {
		readonly title: string;
		readonly version: string;
		readonly description: string;
		readonly license: { readonly name: string; readonly identifier: string };
	};
	readonly servers: readonly { readonly url: string }[];
	readonly security: readonly Readonly<Record<string, readonly string[]>>[];
	readonly tags: readonly Tag[];
	readonly paths: Readonly<Record<string, PathItem>>;
	readonly components: {
		readonly securitySchemes: object;
		readonly schemas: Readonly<Record<string, JsonSchema>>;
		readonly responses: Readonly<Record<string, Reply>>;
	};
}
