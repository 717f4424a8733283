import { GatewayError } from "../domain/error.ts";
import type { Grant } from "./authenticate.ts";
import { isBulk } from "./families.ts";
import { toUpstreamHeaders } from "./headers.ts";
import { hearLeave, moveCall, type OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import type { RequestBody } from "./read.ts";
import { toUpstreamUrl } from "./upstream-url.ts";

/**
 * Sends the call upstream and resolves with the reply's head. Rejects with the runtime's own error, or with the reason
 * why the call was ended.
 */
export function forward(
	call: OpenCall,
	grant: Grant,
	body: RequestBody,
	gateway: Gateway,
): Promise<Response> {
	const { request, arrival, route, controller } = call;
	if (!call.drains) hearLeave(call);
	controller.signal.throwIfAborted();
	arrival.listener.timeout(request, 0);
	moveCall(call, "first-byte", gateway);
	call.sent = true;
	call.sentMs = call.sinceMs;
	const headers = toUpstreamHeaders(arrival.headers, {
		credential: grant.credential,
		ours: grant.payer === "operator",
		identity:
			route.family.metered ||
			route.family.resultsUrl ||
			call.own?.does === "list" ||
			call.own?.does === "create",
		userAgent: gateway.userAgent,
	});
	if (body.decoded) delete headers["content-encoding"];
	if (body.length !== null) headers["content-length"] = String(body.length);
	const url = toUpstreamUrl(route, gateway);
	const { query } = arrival.target;
	return gateway.fetch(query === "" ? url : url + query, {
		method: request.method,
		headers,
		body: body.content,
		signal: controller.signal,
		bulk: isBulk(route, request.method),
	});
}

interface Fault {
	readonly code: "upstream_unreachable" | "upstream_invalid";
	readonly what: string;
}

/** What the runtimes call the ways in which a connection can fail. */
const faults: ReadonlyMap<string, Fault> = new Map([
	["ECONNREFUSED", unreachable("it refused the connection")],
	["ConnectionRefused", unreachable("it refused the connection")],
	["ENOTFOUND", unreachable("its name is not known to DNS")],
	["EAI_AGAIN", unreachable("DNS does not answer")],
	["ETIMEDOUT", unreachable("the connection timed out")],
	["EHOSTUNREACH", unreachable("there is no route to it")],
	["ENETUNREACH", unreachable("there is no network")],
	["ECONNRESET", invalid("it closed the connection before it answered")],
	["InvalidHTTPResponse", invalid("its answer is not HTTP")],
	["ERR_PROXY_TUNNEL", unreachable("the proxy of this machine refused")],
]);

function unreachable(what: string): Fault {
	return { code: "upstream_unreachable", what };
}

function invalid(what: string): Fault {
	return { code: "upstream_invalid", what };
}

/** A failed fetch or read as an answer for the client; the runtime's own words stay in the log. */
export function toUpstreamError(cause: unknown): GatewayError {
	const code = String((cause as { code?: unknown } | null)?.code ?? "");
	const fault =
		faults.get(code) ??
		(/CERT|SSL|TLS|SIGNATURE|ISSUER/i.test(code)
			? unreachable("its TLS certificate was not accepted")
			: invalid("the connection failed"));
	return new GatewayError(
		fault.code,
		`Tollway could not get an answer from upstream: ${fault.what}. Nothing is wrong with your request; try again, or ask the operator to run "tollway doctor".`,
		{ cause },
	);
}
