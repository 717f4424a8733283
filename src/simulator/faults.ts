import { ApiError, errorTable, toErrorReply, toErrorType } from "./errors.ts";
import type { Reply } from "./reply.ts";
import type { Script } from "./script.ts";
import { toSeededBlocks } from "./seeded.ts";

/** Replies that a script asks for in place of the handler's; the first that applies counts. */
const replacements: readonly ((
	script: Script,
	requestId: string,
) => Reply | undefined)[] = [
	({ redirect }) =>
		redirect && {
			status: redirect.status,
			headers: [["location", redirect.location]],
			body: { kind: "none" },
		},
	({ error }, requestId) => error && toScriptedError(error, requestId),
	({ early_response }, requestId) =>
		early_response
			? toErrorReply(new ApiError("request_too_large"), requestId)
			: undefined,
	({ big_bytes }) =>
		big_bytes === undefined
			? undefined
			: {
					status: 200,
					body: {
						kind: "stream",
						contentType: "application/octet-stream",
						chunks: toSeededBlocks(big_bytes),
						lengthBytes: big_bytes,
					},
				},
];

export function toScriptedReply(
	script: Script,
	requestId: string,
): Reply | undefined {
	for (const replace of replacements) {
		const reply = replace(script, requestId);
		if (reply !== undefined) return reply;
	}
	return undefined;
}

const edgePage = `<html>
<head><title>Error</title></head>
<body><center><h1>The edge could not serve this request</h1></center><hr><center>cloudflare</center></body>
</html>
`;

function toScriptedError(
	error: NonNullable<Script["error"]>,
	requestId: string,
): Reply {
	const type = error.type ?? toErrorType(error.status ?? 500);
	const status = error.status ?? errorTable[type].status;
	const reply = toErrorReply(
		new ApiError(type, error.message, {
			status,
			...(error.error_code && { details: { error_code: error.error_code } }),
		}),
		requestId,
	);
	if (error.bare) reply.headers = [];
	const form = error.form ?? "json";
	if (form === "json") return reply;
	const html = form === "html";
	return {
		...reply,
		body: {
			kind: "bytes",
			contentType: html ? "text/html; charset=UTF-8" : "text/plain",
			bytes: new TextEncoder().encode(html ? edgePage : ""),
			compressible: false,
		},
	};
}

const paddingHeaderBytes = 4_000;

/** What a script adds to a reply's headers or takes from them. */
export function changeHeaders(
	rawHeaders: readonly string[],
	script: Script,
): string[] {
	let pairs: (readonly [string, string])[] = [];
	for (let at = 0; at < rawHeaders.length; at += 2) {
		pairs.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
	}
	const drop = (name: string) => {
		pairs = pairs.filter(([other]) => other.toLowerCase() !== name);
	};
	if (script.no_content_type) drop("content-type");
	if (script.no_length || script.malformed_chunk) {
		drop("content-length");
		drop("transfer-encoding");
	}
	if (script.malformed_chunk) pairs.push(["Transfer-Encoding", "chunked"]);
	if (script.no_length || script.hop_by_hop) drop("connection");
	if (script.hop_by_hop) pairs.push(...hopByHop);
	for (const [name, value] of Object.entries(script.headers ?? {})) {
		drop(name.toLowerCase());
		pairs.push([name, value]);
	}
	let left = script.huge_headers_bytes ?? 0;
	for (let count = 0; left > 0; count++, left -= paddingHeaderBytes) {
		const length = Math.min(left, paddingHeaderBytes);
		pairs.push([`x-padding-${count}`, "p".repeat(length)]);
	}
	return pairs.flat();
}

/** None of these may reach the client of a gateway. */
const hopByHop = [
	["Connection", "x-secret-hop, keep-alive"],
	["Keep-Alive", "timeout=33"],
	["Proxy-Connection", "keep-alive"],
	["Proxy-Authenticate", "Basic"],
	["X-Secret-Hop", "for the next hop only"],
] as const;
