/** The errors that we write, as the API's description has them. */
import { type ErrorRow, errorTable } from "../domain/error.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { Reference, Reply } from "./openapi-document.ts";
import { maxBodyBytes } from "./route.ts";

const statuses: Readonly<Record<number, string>> = {
	400: "What was sent does not fit; the message names the field",
	401: "No key was sent, or one that may not do this",
	403: "The key, the host name or the web page may not do this",
	404: "There is no such thing",
	413: `The body has more than ${maxBodyBytes} bytes`,
	500: "Tollway failed on this request; its log says why",
	503: "The database does not answer at present, or the gateway stops",
};

const rows: readonly ErrorRow[] = Object.values(errorTable);

const toLitellm = ({ type, litellm = type }: ErrorRow): string => litellm;

/** LiteLLM's type of the first row of a status. */
function toType(status: number): string | undefined {
	const row = rows.find((one) => one.status === status);
	return row && toLitellm(row);
}

const toError = (
	types: readonly string[],
	param: JsonSchema,
): Readonly<JsonSchema> => ({
	type: "object",
	required: ["type", "message", "param", "code"],
	properties: {
		type: { type: "string", enum: [...new Set(types)] },
		message: {
			type: "string",
			description: "What is wrong, whose it is, what to do",
		},
		param,
		code: { type: "string", description: "The status, as a text" },
	},
});

export const errorSchemas: Readonly<Record<string, JsonSchema>> = {
	Error: {
		type: "object",
		description: "LiteLLM's envelope: on all routes but those of the relay",
		required: ["error"],
		properties: {
			error: toError([...rows.map(toLitellm), "bad_request"], {
				type: ["string", "null"],
				description: "The field that it is about",
			}),
		},
	},
	AnthropicError: {
		type: "object",
		description:
			"Anthropic's envelope, on the routes of the relay; its `request_id` begins with `req_tollway_` where Tollway refuses",
		required: ["type", "error", "request_id"],
		properties: {
			type: { type: "string", enum: ["error"] },
			error: toError(
				rows.map(({ type }) => type),
				{ type: "null" },
			),
			request_id: { type: "string" },
		},
	},
};

const text: JsonSchema = { type: "string" };

const headers = {
	"request-id": { description: "What to name when asking about it" },
	"x-litellm-call-id": { description: "The same as a UUID" },
	"x-should-retry": { description: "`false` where a retry cannot help" },
	"retry-after": { description: "Seconds after which a retry may help" },
};

const replyHeaders = Object.fromEntries(
	Object.entries(headers).map(([name, said]) => [
		name,
		{ ...said, schema: text },
	]),
);

const toName = (status: number | string): string => `Error${status}`;

export const errorReplies: Readonly<Record<string, Reply>> = Object.fromEntries(
	Object.entries(statuses).map(([status, description]) => {
		const type = toType(Number(status));
		const example = {
			error: { type, message: `${description}.`, param: null, code: status },
		};
		const schema = { $ref: "#/components/schemas/Error" } as JsonSchema;
		const content = { "application/json": { schema, example } };
		return [toName(status), { description, headers: replyHeaders, content }];
	}),
);

/** What any managed route may answer. */
const everywhere = [400, 401, 403, 404, 500, 503];

export const toErrorReplies = (
	more: readonly number[],
): Record<string, Reference> =>
	Object.fromEntries(
		[...everywhere, ...more].map((status) => [
			status,
			{ $ref: `#/components/responses/${toName(status)}` },
		]),
	);
