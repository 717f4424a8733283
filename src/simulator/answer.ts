import type { IncomingMessage, ServerResponse } from "node:http";
import type { AcceptedKeys } from "./access.ts";
import { ApiError, toErrorReply } from "./errors.ts";
import { handleRequest } from "./handle-request.ts";
import type { Recorder } from "./record.ts";
import type { Reply } from "./reply.ts";
import type { Router } from "./router.ts";
import {
	type ChooseScript,
	emptyScript,
	readScript,
	type Script,
	scriptHeader,
} from "./script.ts";
import { transmit } from "./transmit.ts";
import { openWire, pause } from "./wire.ts";
import type { World } from "./world.ts";

export interface Answering {
	world: World;
	recorder: Recorder;
	route: Router;
	accepted: AcceptedKeys;
	choosers: Iterable<ChooseScript>;
}

/** One request from its head to the end of its reply. Never rejects. */
export async function answer(
	request: IncomingMessage,
	response: ServerResponse,
	answering: Answering,
): Promise<void> {
	const { method = "GET", url = "/", headers, rawHeaders } = request;
	const { world, recorder } = answering;
	const exchange = recorder.begin(method, url, rawHeaders);
	const wire = openWire(response, exchange);
	const requestId = world.nextId("req");
	let script: Script = emptyScript;
	let reply: Reply | null;
	try {
		script = chooseScript(request, answering.choosers);
		if (script.stall_body_ms) await pause(script.stall_body_ms, wire);
		const turn = { request, exchange, wire, script, requestId };
		reply = await handleRequest(turn, answering);
	} catch (error) {
		reply = toFailure(error, requestId);
		// What is still to come is read all the same, so that the connection can be used again.
		request.resume();
	}
	if (reply === null || script.silent) return;
	const recipient = {
		requestId,
		nowMs: world.clock.now(),
		acceptEncoding: headers["accept-encoding"]?.toString(),
		keepAlive: headers.connection !== "close",
		headOnly: method === "HEAD",
	};
	try {
		await transmit(wire, reply, { script, recipient });
	} catch (error) {
		// A handler's stream failed half way, or the script asked for a header that HTTP cannot carry.
		console.error("simulator:", error);
		wire.reset();
	}
}

function chooseScript(
	request: IncomingMessage,
	choosers: Iterable<ChooseScript>,
): Script {
	const { method = "GET", url: target = "/", rawHeaders } = request;
	for (const choose of choosers) {
		const script = choose({ method, target, rawHeaders });
		if (script !== undefined) return script;
	}
	const json = request.headers[scriptHeader];
	return json === undefined ? emptyScript : readScript(String(json));
}

function toFailure(error: unknown, requestId: string): Reply {
	if (error instanceof ApiError) return toErrorReply(error, requestId);
	console.error("simulator:", error);
	return toErrorReply(new ApiError("api_error"), requestId);
}
