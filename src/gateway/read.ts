import { GatewayError } from "../domain/error.ts";
import { toItemCheck } from "./allowed-models.ts";
import { type Splice, splice } from "./body.ts";
import { decode, maxRatio } from "./encoding.ts";
import { hashRequest } from "./hash-bodies.ts";
import { rename } from "./model-alias.ts";
import { type Observer, observe } from "./observe.ts";
import {
	drainCall,
	hearLeave,
	holdBytes,
	moveCall,
	type OpenCall,
} from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import { readChunks, toAnnouncedLength, tooLarge } from "./read-body.ts";
import { scanBody } from "./scan/scan.ts";
import { scanUpload } from "./scan-upload.ts";

/** A request body on its way upstream. */
export interface RequestBody {
	readonly content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
	/** Of a stream whose length the client announced; null otherwise. */
	readonly length: number | null;
	/** The client's content-encoding no longer holds, because a member had to be cut. */
	readonly decoded: boolean;
}

const noBody: RequestBody = { content: null, length: null, decoded: false };

const toBody = (content: Uint8Array<ArrayBuffer>): RequestBody => ({
	content,
	length: null,
	decoded: false,
});

/** Streaming a small body into fetch doubles the CPU of a call (36 → 77 µs, Bun 1.4.5): up to here it is read first. */
const smallBytes = 64 * 1024;

/** Up to here a body is taken from the runtime in one piece, and its own timer watches for a client that stops sending. */
const onePieceBytes = 1024 * 1024;

/** A batch above this size is checked while it streams; below, it is read whole, so that members can be cut. */
const wholeBatchBytes = 32 * 1024 * 1024;

const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Whether the call has the everyday body: plain JSON of a known, moderate length. Takes room for it in the common memory
 * before its bytes arrive, and lets the runtime's own timer watch for a client that stops sending.
 * @throws GatewayError `malformed_request`, `request_too_large`, `busy`
 */
export function beginOnePiece(call: OpenCall, gateway: Gateway): boolean {
	const { request, arrival, route } = call;
	if (route.family.body !== "scan" || bodiless.has(request.method))
		return false;
	const limitBytes = gateway.bodyLimits[route.family.limit];
	const announced = toAnnouncedLength(arrival.headers, limitBytes);
	if (announced === null || announced === 0) return false;
	if (announced > onePieceBytes) return false;
	if (arrival.headers["content-encoding"] !== undefined) return false;
	holdBytes(call, announced, gateway);
	arrival.listener.timeout(request, gateway.slowBodySeconds);
	return true;
}

/** @throws GatewayError `malformed_request` */
export function toOnePiece(
	bytes: ArrayBuffer,
	call: OpenCall,
	gateway: Gateway,
): RequestBody {
	call.requestBytes = bytes.byteLength;
	const received = Buffer.from(bytes);
	hashRequest(received, call, gateway);
	return toBody(scanAndCut(received, call, gateway));
}

/**
 * Reads what must be read of any other body before the call may go on.
 * @throws GatewayError as the table of errors has it; the runtime's error when the client left
 */
export async function readRequest(
	call: OpenCall,
	gateway: Gateway,
): Promise<RequestBody> {
	const { request, arrival, route } = call;
	const limitBytes = gateway.bodyLimits[route.family.limit];
	const announced = toAnnouncedLength(arrival.headers, limitBytes);
	// Touching `request.body` makes a stream of it, which costs a small call a tenth of its time (Bun 1.4.5).
	if (announced === 0) return noBody;
	if (announced === null && request.body === null) return noBody;
	if (bodiless.has(request.method)) throw bodyNotAllowed(request.method);
	hearLeave(call);
	if (isScanned(call, announced)) {
		const bytes = await readPieces(call, announced, limitBytes, gateway);
		return scanRead(bytes, call, limitBytes, gateway);
	}
	if (announced !== null && announced <= smallBytes) {
		return toBody(await readPieces(call, announced, limitBytes, gateway));
	}
	arrival.listener.timeout(request, 0);
	return isNewBatch(call)
		? scanUpload(call, gateway)
		: streamUpload(call, announced, limitBytes, gateway);
}

const isScanned = (call: OpenCall, announced: number | null): boolean =>
	call.route.family.body === "scan" ||
	(isNewBatch(call) && announced !== null && announced <= wholeBatchBytes);

const isNewBatch = (call: OpenCall): boolean =>
	call.route.family.body === "items" &&
	call.request.method === "POST" &&
	call.route.upstreamPath === "/v1/messages/batches";

const bodyNotAllowed = (method: string): GatewayError =>
	new GatewayError(
		"malformed_request",
		`A ${method} request with a body cannot be forwarded. Leave the body out.`,
	);

async function readPieces(
	call: OpenCall,
	announced: number | null,
	limitBytes: number,
	gateway: Gateway,
): Promise<Uint8Array<ArrayBuffer>> {
	if (announced !== null) holdBytes(call, announced, gateway);
	call.arrival.listener.timeout(call.request, 0);
	const body = call.request.body as ReadableStream<Uint8Array>;
	const bytes = await readChunks(body, {
		limitBytes,
		progress: (length) => {
			if (announced === null) holdBytes(call, length, gateway);
			moveCall(call, "client-body", gateway);
		},
		signal: call.controller.signal,
	});
	call.requestBytes = bytes.length;
	hashRequest(bytes, call, gateway);
	return bytes;
}

/** Notes what the body asks for, and cuts the members that are ours. */
function scanRead(
	received: Uint8Array<ArrayBuffer>,
	call: OpenCall,
	limitBytes: number,
	gateway: Gateway,
): RequestBody | Promise<RequestBody> {
	if (received.length === 0) return noBody;
	const coding = call.arrival.headers["content-encoding"];
	if (coding !== undefined) {
		return scanEncoded(received, coding, call, limitBytes, gateway);
	}
	return toBody(scanAndCut(received, call, gateway));
}

async function scanEncoded(
	received: Uint8Array<ArrayBuffer>,
	coding: string,
	call: OpenCall,
	limitBytes: number,
	gateway: Gateway,
): Promise<RequestBody> {
	const plain = await decode(received, coding, {
		maxBytes: limitBytes,
		maxRatio,
	});
	holdBytes(call, plain.length, gateway);
	const content = scanAndCut(plain, call, gateway);
	return content === plain
		? toBody(received)
		: { ...noBody, content, decoded: true };
}

function scanAndCut(
	plain: Uint8Array<ArrayBuffer>,
	call: OpenCall,
	gateway: Gateway,
): Uint8Array<ArrayBuffer> {
	const { body, native } = call.route.family;
	const onItem = body === "items" ? toItemCheck(call, gateway) : undefined;
	const scan = scanBody(plain, { native, onItem });
	call.scan = scan;
	call.model = scan.model ?? null;
	if (call.route.family.metered && !scan.stream) drainCall(call);
	const named = rename(call, scan, gateway);
	return splice(
		plain,
		named === null ? scan.cuts : [...scan.cuts, named].sort(byStart),
	);
}

const byStart = (a: Splice, b: Splice): number => a.start - b.start;

/** Lets a large or endless body through, counted against its limit. */
function streamUpload(
	call: OpenCall,
	announced: number | null,
	limitBytes: number,
	gateway: Gateway,
): RequestBody {
	const source = call.request.body as ReadableStream<Uint8Array>;
	const observer: Observer = {
		wanted: () => moveCall(call, "client-body", gateway),
		chunk: (bytes) => {
			call.requestBytes += bytes.length;
			hashRequest(bytes, call, gateway);
			if (call.requestBytes > limitBytes) throw tooLarge(limitBytes);
			moveCall(call, "first-byte", gateway);
			return bytes;
		},
		ended: () => {
			moveCall(call, "first-byte", gateway);
			return undefined;
		},
		broken: (_how, cause) => {
			if (cause instanceof GatewayError) call.controller.abort(cause);
		},
	};
	const content = observe(source, observer, call.controller.signal);
	return { ...noBody, content, length: announced };
}
