import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "./errors.ts";
import { isObject, type JsonObject } from "./json.ts";
import type { Script } from "./script.ts";
import type { World } from "./world.ts";

/** One request as a handler sees it: authenticated, whole, decompressed. */
export interface Call {
	readonly query: URLSearchParams;
	/** What stood in the place of `{name}` in the route's path. */
	readonly params: Readonly<Record<string, string>>;
	readonly headers: IncomingHttpHeaders;
	readonly body: Uint8Array;
	readonly script: Script;
	readonly world: World;
	/** Calls back once, when the client has left or the reply has ended; returns how to unsubscribe. */
	onEnded(listener: () => void): () => void;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The body as a JSON object; throws the API's 400. */
export function readJson(body: Uint8Array): JsonObject {
	let value: unknown;
	try {
		value = JSON.parse(decoder.decode(body));
	} catch {
		throw new ApiError(
			"invalid_request_error",
			"The request body is not valid JSON",
		);
	}
	if (!isObject(value)) {
		throw new ApiError(
			"invalid_request_error",
			"Input should be a valid dictionary",
		);
	}
	return value;
}

/** Names in `anthropic-beta`, however many header lines and commas they came in. */
export function readBetas(headers: IncomingHttpHeaders): string[] {
	const value = headers["anthropic-beta"] ?? "";
	return String(value)
		.split(",")
		.map((name) => name.trim())
		.filter((name) => name !== "");
}

/** Whether the caller gets the beta shapes of messages. */
export function isBeta({ query, headers }: Call): boolean {
	return query.get("beta") === "true" || "anthropic-beta" in headers;
}
