import { GatewayError } from "../domain/error.ts";

/**
 * The one canonical path of a request: it decides policy and price, and it is what goes on the wire.
 *
 * Dot segments and backslashes are resolved (WHATWG URL; Bun has done it before, Deno has not). What is left is refused
 * where two readers could disagree about it: `//`, an encoded slash, backslash or NUL, dots encoded twice, control
 * characters.
 */
export interface Target {
	/** Canonical, without query, `SERVER_ROOT_PATH` removed. */
	readonly path: string;
	/** As received, with its `?`, or empty. */
	readonly query: string;
}

const refused = /\/\/|%(25)*(2f|5c|00|0[0-9a-f]|1[0-9a-f]|7f)|%25(25)*2e/i;
const unreserved =
	/%(2d|2e|5f|7e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])/gi;

/**
 * @param url the request's URL as the runtime gives it; a bare path when the Host header was unusable
 * @throws GatewayError `malformed_request`
 */
export function toTarget(url: string, rootPath: string): Target {
	const start = startOfPath(url);
	const hash = url.indexOf("#", start);
	const end = hash === -1 ? url.length : hash;
	const mark = url.indexOf("?", start);
	const pathEnd = mark === -1 || mark > end ? end : mark;
	const received = url.slice(start, pathEnd);
	const path = isPlain(received)
		? received
		: toCanonical(toResolved(url.slice(0, pathEnd)));
	return {
		path: withoutRoot(path, rootPath),
		query: pathEnd === end ? "" : url.slice(pathEnd, end),
	};
}

function startOfPath(url: string): number {
	const plain = url.startsWith("http://");
	const start = url.indexOf("/", plain ? 7 : 8);
	if (start === -1 || !(plain || url.startsWith("https://"))) throw unusable();
	return start;
}

const unusable = (): GatewayError =>
	new GatewayError(
		"malformed_request",
		"The Host header or the request target is not usable as an address. Send one Host header with a plain host name and port.",
	);

/** The path with its dot segments and backslashes resolved. */
function toResolved(url: string): string {
	if (!URL.canParse(url)) throw unusable();
	return new URL(url).pathname;
}

const isPlain = (path: string): boolean =>
	!path.includes("%") &&
	!path.includes("//") &&
	!path.includes("/.") &&
	!path.includes("\\");

function toCanonical(path: string): string {
	if (refused.test(path)) {
		throw new GatewayError(
			"malformed_request",
			"The path holds an empty segment or an encoded slash, backslash, dot or control character. Send a plain path such as /anthropic/v1/messages.",
		);
	}
	// RFC 3986 §6.2.2.2: an escaped unreserved character is the character itself.
	return path.replace(unreserved, (escaped) =>
		String.fromCharCode(Number.parseInt(escaped.slice(1), 16)),
	);
}

function withoutRoot(path: string, rootPath: string): string {
	if (rootPath === "" || !path.startsWith(rootPath)) return path;
	if (path.length === rootPath.length) return "/";
	return path[rootPath.length] === "/" ? path.slice(rootPath.length) : path;
}
