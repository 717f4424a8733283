import type { IncomingMessage } from "node:http";
import { checkAccess } from "./access.ts";
import type { Answering } from "./answer.ts";
import { decompress } from "./encode.ts";
import { ApiError } from "./errors.ts";
import type { OpenExchange } from "./exchange.ts";
import { toScriptedReply } from "./faults.ts";
import { receive } from "./receive.ts";
import { type Reply, toJson } from "./reply.ts";
import type { Match } from "./router.ts";
import type { Script } from "./script.ts";
import type { Wire } from "./wire.ts";

export interface Turn {
	request: IncomingMessage;
	exchange: OpenExchange;
	wire: Wire;
	script: Script;
	requestId: string;
}

/** Read even for paths that do not exist, so that the record shows what came. */
const minLimitBytes = 32 * 1_048_576;
const earlyResponseBytes = 1_024;

/** Reads the request and finds its reply: null when the client left while it was still sending. Throws the API's errors. */
export async function handleRequest(
	turn: Turn,
	{ route, accepted, world }: Answering,
): Promise<Reply | null> {
	const { request, exchange, script, requestId } = turn;
	const { method = "GET", headers } = request;
	const [path, query] = splitTarget(request.url ?? "/");
	const match = route(method, path);
	const limitBytes = match.kind === "found" ? match.rules.limitBytes : 0;
	const sent = await receive(request, exchange, {
		limitBytes: Math.max(limitBytes, minLimitBytes),
		sink: script.sink === true,
		earlyBytes: script.early_response ? earlyResponseBytes : undefined,
	});
	if (sent === null) return null;
	if (script.sink) return toJson(toSinkReport(exchange));
	if (match.kind === "found") checkAccess(headers, match.rules, accepted);
	const scripted = toScriptedReply(script, requestId);
	if (scripted !== undefined) return scripted;
	const { handle, rules, params } = refuseUnknown(match);
	const coding = headers["content-encoding"];
	const body = decompress(sent, coding, rules.limitBytes);
	const { onEnded } = turn.wire;
	return handle({ query, params, headers, body, script, world, onEnded });
}

/** Path and query, neither of them normalised. */
function splitTarget(target: string): [path: string, query: URLSearchParams] {
	const at = target.indexOf("?");
	return at === -1
		? [target, new URLSearchParams()]
		: [target.slice(0, at), new URLSearchParams(target.slice(at))];
}

function toSinkReport({ received }: OpenExchange) {
	const { lengthBytes, sha256 } = received.body;
	return { type: "sink", received_bytes: lengthBytes, sha256 };
}

function refuseUnknown(match: Match): Extract<Match, { kind: "found" }> {
	if (match.kind === "found") return match;
	if (match.kind === "unknown-path") throw new ApiError("not_found_error");
	throw new ApiError("invalid_request_error", "Method Not Allowed", {
		status: 405,
	});
}
