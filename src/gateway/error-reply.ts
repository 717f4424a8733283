import type { GatewayError } from "../domain/error.ts";

/** `anthropic`: what SDKs and Claude Code parse, with LiteLLM's two members added. `management`: LiteLLM's own. */
export type Envelope = "anthropic" | "management";

export const toEnvelope = (path: string): Envelope =>
	path.startsWith("/anthropic") || path.startsWith("/v1/")
		? "anthropic"
		: "management";

/**
 * Our own error as a reply. `request-id` starts with `req_tollway_`, which tells it from an error of upstream.
 * @param id the call's id, a UUID
 */
export function toErrorReply(
	error: GatewayError,
	id: string,
	envelope: Envelope,
): Response {
	const {
		status,
		type,
		litellm = type,
		retry,
		retryAfter,
		param = null,
		headers: more,
	} = { ...error.row, ...error.answer };
	const requestId = `req_tollway_${id.replaceAll("-", "")}`;
	const { message } = error;
	const code = String(status);
	const body =
		envelope === "anthropic"
			? {
					type: "error",
					error: { type, message, param: null, code },
					request_id: requestId,
				}
			: { error: { message, type: litellm, param, code } };
	const headers = new Headers({
		"content-type": "application/json",
		"request-id": requestId,
		"x-litellm-call-id": id,
		...more,
	});
	if (retry === false) headers.set("x-should-retry", "false");
	if (retryAfter != null) headers.set("retry-after", String(retryAfter));
	if (status === 405)
		headers.set("allow", "GET, HEAD, POST, PUT, PATCH, DELETE");
	return new Response(JSON.stringify(body), { status, headers });
}
