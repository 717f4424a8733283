import type { CallEnd } from "../domain/call.ts";
import { GatewayError } from "../domain/error.ts";
import { toErrorReply } from "./error-reply.ts";
import { clientLeft } from "./flights.ts";
import { toUpstreamError } from "./forward.ts";
import { finishCall, type OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

/** Whatever ended a call before its reply began, as an answer. */
export function refuse(
	error: unknown,
	call: OpenCall,
	gateway: Gateway,
): Response {
	const { signal } = call.controller;
	const cause = signal.aborted ? signal.reason : error;
	if (cause === clientLeft || call.request.signal.aborted) {
		finishCall(call, "client_left", gateway);
		// Nobody reads it; the runtime wants an answer all the same.
		return new Response(null, { status: 499 });
	}
	const { clientAddress } = call.arrival;
	const judged = gateway.guesses.judge(cause, clientAddress);
	const refusal = toRefusal(judged, call);
	call.status = refusal.row.status;
	call.unreached = refusal.code === "upstream_unreachable";
	finishCall(call, toRefusedEnd(call, refusal), gateway, refusal);
	// Whatever is still under way for this call (an upload, a read) ends now.
	call.controller.abort(refusal);
	return toErrorReply(refusal, call.id, "anthropic");
}

function toRefusedEnd(call: OpenCall, refusal: GatewayError): CallEnd {
	if (refusal.code === "upstream_timeout") return "timed_out";
	// After upstream's reply had begun, whatever went wrong went wrong there.
	return refusal.code.startsWith("upstream_") || call.firstByteMs !== null
		? "upstream_failed"
		: `refused:${refusal.code}`;
}

function toRefusal(cause: unknown, call: OpenCall): GatewayError {
	if (cause instanceof GatewayError) return cause;
	const coded = typeof (cause as { code?: unknown } | null)?.code === "string";
	// Bun gives network errors a code; what fails without one before upstream answers is a mistake of ours.
	return call.firstByteMs !== null || (coded && call.sent)
		? toUpstreamError(cause)
		: toInternalError(cause);
}

const toInternalError = (cause: unknown): GatewayError =>
	new GatewayError(
		"internal",
		"Tollway failed on this call; its log says why. Try again, and tell the operator the request id if it goes on.",
		{ cause },
	);
