import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exchange, Recorder } from "./record.ts";

/** Where a simulator in a process of its own is asked what it saw; never recorded, never part of the API. */
export const controlPrefix = "/__simulator/";

/** An exchange as JSON: bodies in base64. */
export function toRecordJson({ id, received, sent, end }: Exchange) {
	return {
		id,
		received: { ...received, body: toBodyJson(received.body) },
		sent: { ...sent, body: toBodyJson(sent.body) },
		end,
	};
}

export type RecordJson = ReturnType<typeof toRecordJson>;

function toBodyJson(body: Exchange["sent"]["body"]) {
	return {
		base64: Buffer.from(body.bytes).toString("base64"),
		lengthBytes: body.lengthBytes,
		sha256: body.sha256,
	};
}

interface Controlled {
	recorder: Recorder;
	reset(): void;
}

type Answer = (controlled: Controlled, query: URLSearchParams) => unknown;

const table: Readonly<Record<string, Answer>> = {
	/** `?after=ID` leaves out the exchanges up to that one. */
	"GET record": ({ recorder }, query) =>
		recorder
			.all()
			.filter(({ id }) => id > Number(query.get("after") ?? 0))
			.map(toRecordJson),
	"DELETE record": ({ recorder }) => {
		recorder.clear();
		return {};
	},
	"GET open": ({ recorder }) => ({ open: recorder.open() }),
	/** Forgets batches, files, cached prompts: as if newly opened. */
	"DELETE state": (controlled) => {
		controlled.reset();
		return {};
	},
};

export function answerControl(
	request: IncomingMessage,
	response: ServerResponse,
	controlled: Controlled,
): void {
	request.resume();
	const url = new URL(request.url ?? "/", "http://simulator");
	const name = url.pathname.slice(controlPrefix.length);
	const answer = table[`${request.method} ${name}`];
	const body = answer?.(controlled, url.searchParams) ?? {
		error: `one of: ${Object.keys(table).join(", ")}`,
	};
	response.writeHead(answer ? 200 : 404, {
		"content-type": "application/json",
	});
	response.end(JSON.stringify(body));
}
