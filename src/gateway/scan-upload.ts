import { GatewayError } from "../domain/error.ts";
import { toItemCheck } from "./allowed-models.ts";
import { reserveBatch } from "./batches/hold.ts";
import { hashRequest } from "./hash-bodies.ts";
import { moveCall, type OpenCall } from "./open-call.ts";
import { namesOthers, requireOwnNames } from "./owned/require-own.ts";
import type { Gateway } from "./pipeline.ts";
import type { RequestBody } from "./read.ts";
import { toAnnouncedLength, tooLarge } from "./read-body.ts";
import { openScanner } from "./scan/scan.ts";

/**
 * Lets a large batch through while it is checked. Its last chunk goes upstream only after the whole body passed; before
 * that a fault destroys the upload, so that upstream never sees a complete batch that we have not read to the end.
 *
 * @throws GatewayError `unsupported_encoding`; the stream itself ends the call with `malformed_request`, `request_too_large`, `budget_reached` or `limit_reached`
 */
export function scanUpload(call: OpenCall, gateway: Gateway): RequestBody {
	const { headers } = call.arrival;
	const { body } = call.request;
	const limitBytes = gateway.bodyLimits[call.route.family.limit];
	const length = toAnnouncedLength(headers, limitBytes);
	if (headers["content-encoding"] !== undefined) {
		throw new GatewayError(
			"unsupported_encoding",
			"A batch of this size must come uncompressed and with plain JSON. Send it without content-encoding, or in smaller parts.",
		);
	}
	const reader = (body as ReadableStream<Uint8Array>).getReader();
	const scanner = openScanner({ onItem: toItemCheck(call, gateway) });
	let heldBack: Uint8Array | null = null;
	const next = async (): Promise<Uint8Array | null> => {
		moveCall(call, "client-body", gateway);
		const { done, value } = await reader.read();
		if (done) {
			refuseCuts(scanner.end().cuts.length);
			if (namesOthers(call)) await requireOwnNames(call, gateway);
			await reserveBatch(call, gateway);
			return null;
		}
		call.requestBytes += value.length;
		if (call.requestBytes > limitBytes) throw tooLarge(limitBytes);
		hashRequest(value, call, gateway);
		scanner.push(value);
		return value;
	};
	const content = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					heldBack ??= await next();
					const following = await next();
					if (heldBack) controller.enqueue(heldBack);
					heldBack = following;
					moveCall(call, "first-byte", gateway);
					if (following === null) controller.close();
				} catch (cause) {
					if (cause instanceof GatewayError) call.controller.abort(cause);
					controller.error(cause);
				}
			},
			cancel: (reason) => reader.cancel(reason),
		},
		{ highWaterMark: 0 },
	);
	return { content, length, decoded: false };
}

function refuseCuts(count: number): void {
	if (count === 0) return;
	throw new GatewayError(
		"malformed_request",
		"A batch of this size cannot carry members for the gateway (such as litellm_metadata) in its body. Send tags in the x-litellm-tags header instead.",
	);
}
