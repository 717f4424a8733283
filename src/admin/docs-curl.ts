/** Commands that people copy from the API's page into a shell. */
import type { Method, Operation, Parameter } from "./openapi-document.ts";

/** Shells take all within as it is. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const keys = {
	operator: "$TOLLWAY_MASTER_KEY",
	holder: "$GATEWAY_KEY",
} as const;

export interface Place {
	/** Where the gateway is reached, without a slash at its end. */
	readonly base: string;
	readonly path: string;
	readonly method: Method;
}

/** One argument a line. */
export function toCurl(
	operation: Operation,
	{ base, path, method }: Place,
): string {
	const { parameters = [], requestBody } = operation;
	const url = base + fillPath(path, parameters) + toQuery(parameters);
	const whose = operation["x-tollway-for"];
	const body = requestBody?.content["application/json"]?.example;
	const hasBody = requestBody !== undefined;
	const words = [
		`curl ${method !== "get" && !hasBody ? `-X ${method.toUpperCase()} ` : ""}${quote(url)}`,
		...(whose ? [`-H "Authorization: Bearer ${keys[whose]}"`] : []),
		...(hasBody
			? [
					`-H 'Content-Type: application/json'`,
					`-d ${quote(JSON.stringify(body))}`,
				]
			: []),
	];
	return words.join(" \\\n  ");
}

const toShown = ({ example, schema }: Parameter): string =>
	String(example ?? schema.examples?.[0] ?? schema.enum?.[0] ?? "…");

const fillPath = (path: string, parameters: readonly Parameter[]): string =>
	path.replace(/\{(\w+)\}/g, (whole, name) => {
		const parameter = parameters.find((one) => one.name === name);
		return parameter ? encodeURIComponent(toShown(parameter)) : whole;
	});

/** Those that must be there, or that the example has. */
function toQuery(parameters: readonly Parameter[]): string {
	const pairs = parameters
		.filter((one) => one.in === "query")
		.filter((one) => one.required || one.example !== undefined)
		.map((one): [string, string] => [one.name, toShown(one)]);
	return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

/** The first call of somebody who has just started it. */
export const toFirstCall = (base: string): string =>
	[
		`curl ${quote(`${base}/anthropic/v1/messages`)}`,
		`-H "Authorization: Bearer ${keys.holder}"`,
		`-H 'Content-Type: application/json'`,
		`-H 'anthropic-version: 2023-06-01'`,
		`-d ${quote(JSON.stringify(firstMessage))}`,
	].join(" \\\n  ");

const firstMessage = {
	model: "claude-sonnet-5-5",
	max_tokens: 64,
	messages: [{ role: "user", content: "Hello, world" }],
};
