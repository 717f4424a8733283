import type { CallFields } from "../../src/cli/call-line.ts";
import { noNanos } from "../../src/domain/nanos.ts";

/** A finished call with nothing remarkable about it. */
export const plainCall: CallFields = {
	timeMs: 0,
	method: "GET",
	path: "/v1/models",
	model: null,
	status: 200,
	stream: false,
	durationMs: 1,
	firstByteMs: 1,
	bytesIn: 0,
	bytesOut: 2,
	callId: "c",
	upstreamRequestId: null,
	clientAddress: null,
	end: "done",
	entry: null,
	todayNanos: noNanos,
};
