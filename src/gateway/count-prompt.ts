/** How many tokens a prompt has, by upstream's own word, which is free. */
import { Buffer } from "node:buffer";
import type { RequestHeaders } from "../platform/contract.ts";
import type { Authority } from "./authenticate.ts";
import { decode, maxRatio } from "./encoding.ts";
import { toUpstreamHeaders } from "./headers.ts";
import {
	drainCall,
	hearLeave,
	holdBytes,
	moveCall,
	type OpenCall,
} from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import type { RequestBody } from "./read.ts";
import { readReply } from "./read-reply.ts";

/** Milliseconds to wait for the answer: the client waits as well, for what may be a refusal. */
const patienceMs = 2_000;

/** As much text as the longest context window takes. Parsing more would keep all other calls waiting: 1 MB takes 2 ms. */
const maxCountedBytes = 4 * 1024 * 1024;

/** The answer is one number. */
const maxReplyBytes = 64 * 1024;

/** What the length of a prompt depends on. Upstream refuses members that it does not know here: `max_tokens`, `stream`, … */
const countedMembers = [
	"model",
	"system",
	"messages",
	"tools",
	"tool_choice",
	"thinking",
	"output_config",
	"output_format",
] as const;

/** What of the client's own headers goes along: how the body is to be read, and for whom. */
const countedHeaders = [
	"anthropic-version",
	"anthropic-beta",
	"anthropic-workspace-id",
	"user-agent",
] as const;

/**
 * Resolves with the tokens of the prompt. Rejects where upstream does not say: it may not be asked now, refuses, takes too
 * long; or the client left.
 */
export async function countPrompt(
	call: OpenCall,
	body: RequestBody,
	gateway: Gateway,
): Promise<number> {
	const { arrival, grant, controller } = call;
	return countInBounds(gateway, async (deadline) => {
		try {
			// What is asked is as long as the body.
			holdBytes(call, call.requestBytes, gateway);
			hearLeave(call);
			moveCall(call, "first-byte", gateway);
			const question = await toQuestion(call, body);
			const asking = {
				headers: arrival.headers,
				query: arrival.target.query,
				credential: grant?.credential ?? null,
				ours: grant?.payer === "operator",
				signal: AbortSignal.any([controller.signal, deadline]),
			};
			return await ask(question, asking, gateway);
		} finally {
			if (call.drains) drainCall(call);
		}
	});
}

/**
 * The same of a body that is no call: the operator wants to know, and the gateway's own credential asks. Rejects where
 * upstream does not say, with an Error whose message says why.
 */
export function countBody(
	body: Readonly<Record<string, unknown>>,
	headers: RequestHeaders,
	gateway: Gateway,
): Promise<number> {
	return countInBounds(gateway, (signal) => {
		const { credential } = gateway.authority;
		const asking = { headers, query: "", credential, ours: true, signal };
		return ask(toMembers(body), asking, gateway);
	});
}

/** As often, and as long, as upstream may be asked. */
async function countInBounds(
	{ counting }: Gateway,
	count: (deadline: AbortSignal) => Promise<number>,
): Promise<number> {
	if (!counting.begin()) {
		throw notCounted("upstream was asked often enough for now");
	}
	const deadline = AbortSignal.timeout(patienceMs);
	try {
		return await count(deadline);
	} catch (error) {
		if (!deadline.aborted) throw error;
		throw notCounted(`upstream did not say within ${patienceMs} ms`);
	} finally {
		counting.end();
	}
}

function toMembers(
	body: Readonly<Record<string, unknown>>,
): Uint8Array<ArrayBuffer> {
	const counted = countedMembers.map((name) => [name, body[name]]);
	return Buffer.from(JSON.stringify(Object.fromEntries(counted)));
}

/** What counts of the body, as it goes upstream. */
async function toQuestion(
	{ arrival, requestBytes }: OpenCall,
	{ content, decoded }: RequestBody,
): Promise<Uint8Array<ArrayBuffer>> {
	if (!(content instanceof Uint8Array)) throw tooLong(requestBytes);
	const coding = decoded ? undefined : arrival.headers["content-encoding"];
	const plain =
		coding === undefined
			? content
			: await decode(content, coding, { maxBytes: maxCountedBytes, maxRatio });
	if (plain.length > maxCountedBytes) throw tooLong(plain.length);
	return toMembers(JSON.parse(Buffer.from(plain).toString()));
}

const tooLong = (bytes: number) =>
	notCounted(`its body of ${bytes} bytes is too long`);

/** What can happen; told in the log where the refusal is. */
const notCounted = (why: string) =>
	Object.assign(new Error(`the prompt was not counted: ${why}`), {
		code: "not_counted",
	});

interface Asking {
	/** The client's. */
	readonly headers: RequestHeaders;
	readonly query: string;
	readonly credential: Authority["credential"];
	/** Whether that is the gateway's own. */
	readonly ours: boolean;
	readonly signal: AbortSignal;
}

async function ask(
	question: Uint8Array<ArrayBuffer>,
	{ headers: received, query, credential, ours, signal }: Asking,
	gateway: Gateway,
): Promise<number> {
	const headers = toUpstreamHeaders(toCountedHeaders(received), {
		credential,
		ours,
		identity: true,
		userAgent: gateway.userAgent,
	});
	headers["content-type"] = "application/json";
	const url = `${gateway.upstreamUrl}/v1/messages/count_tokens${query}`;
	const reply = await gateway.fetch(url, {
		method: "POST",
		headers,
		body: question,
		signal,
	});
	const read = await readReply(reply, maxReplyBytes);
	if (read.whole === null) await read.rest.cancel();
	if (reply.status !== 200 || read.whole === null) {
		throw notCounted(`count_tokens answered ${reply.status}`);
	}
	const { input_tokens: tokens } = JSON.parse(
		Buffer.from(read.whole).toString(),
	);
	if (!Number.isSafeInteger(tokens) || tokens <= 0) {
		throw notCounted("count_tokens answered no number of tokens");
	}
	return tokens;
}

function toCountedHeaders(received: RequestHeaders): RequestHeaders {
	const headers: Record<string, string> = {};
	for (const name of countedHeaders) {
		const value = received[name];
		if (value !== undefined) headers[name] = value;
	}
	return headers;
}
