import { readHeaders } from "#platform";
import type { Labels } from "../../src/domain/labels.ts";
import { toLabels } from "../../src/gateway/attribute.ts";
import { scanBody } from "../../src/gateway/scan/scan.ts";

export interface Request {
	headers?: Record<string, string>;
	body?: Record<string, unknown>;
}

/** As a call of the gateway would: real headers, and a body that the scanner has read. */
export function attribute(
	{ headers = {}, body = {} }: Request,
	userHeader?: string,
): Labels {
	const bytes = new TextEncoder().encode(JSON.stringify(body));
	const { findings } = scanBody(bytes);
	return toLabels(readHeaders(new Headers(headers)), findings, userHeader);
}
