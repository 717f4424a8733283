import { ApiError } from "./errors.ts";
import { isObject, type JsonObject } from "./json.ts";

export interface BatchItem {
	custom_id: string;
	params: JsonObject;
}

const maxItems = 100_000;
const customId = /^[a-zA-Z0-9_-]{1,64}$/;

/** What is checked when a batch is created: its envelope. Throws the API's 400. */
export function checkBatch(body: JsonObject): BatchItem[] {
	for (const name in body) {
		if (name !== "requests") {
			refuse(`${name}: Extra inputs are not permitted`);
		}
	}
	const { requests } = body;
	if (requests === undefined) refuse("requests: Field required");
	if (!Array.isArray(requests))
		refuse("requests: Input should be a valid list");
	if (requests.length === 0) {
		refuse("requests: List should have at least 1 item after validation");
	}
	if (requests.length > maxItems) {
		refuse(`requests: List should have at most ${maxItems} items`);
	}
	const items = requests.map(toItem);
	const seen = new Set<string>();
	for (const { custom_id } of items) {
		if (seen.has(custom_id)) {
			refuse(`requests: Duplicate custom_id: ${custom_id}`);
		}
		seen.add(custom_id);
	}
	return items;
}

function toItem(item: unknown, index: number): BatchItem {
	const at = `requests.${index}`;
	if (!isObject(item)) refuse(`${at}: Input should be a valid dictionary`);
	const { custom_id, params } = item;
	if (custom_id === undefined) refuse(`${at}.custom_id: Field required`);
	if (typeof custom_id !== "string" || !customId.test(custom_id)) {
		refuse(`${at}.custom_id: String should match pattern '${customId.source}'`);
	}
	if (params === undefined) refuse(`${at}.params: Field required`);
	if (!isObject(params)) {
		refuse(`${at}.params: Input should be a valid dictionary`);
	}
	return { custom_id, params };
}

function refuse(message: string): never {
	throw new ApiError("invalid_request_error", message);
}
