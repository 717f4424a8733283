import { type Call, readJson } from "./call.ts";
import { checkFields, type Fields } from "./fields.ts";
import { toId } from "./ids.ts";
import { findModel } from "./models.ts";
import { type Reply, toEvents, toPlainJson } from "./reply.ts";
import { toSseEvents } from "./stream.ts";

const fields: Fields = {
	model: { kind: "string", required: true },
	prompt: { kind: "string", required: true },
	max_tokens_to_sample: { kind: "integer", required: true },
	stream: { kind: "boolean" },
	stop_sequences: { kind: "list" },
	temperature: { kind: "number" },
	top_k: { kind: "integer" },
	top_p: { kind: "number" },
	metadata: { kind: "object" },
};

/** POST /v1/complete: the legacy endpoint, which never says what was used. */
export function createCompletion({ body, headers }: Call): Reply {
	const request = readJson(body);
	const version = headers["anthropic-version"]?.toString();
	checkFields(request, fields, { version, betas: [] });
	const whole = toCompletion(
		toId("compl", body),
		findModel(String(request.model)).id,
	);
	if (request.stream !== true) return toPlainJson(whole);
	const words = whole.completion.split(/(?= )/);
	const parts: { type: string }[] = words.map((completion) =>
		Object.assign({}, whole, { completion, stop_reason: null }),
	);
	const last = Object.assign({}, whole, { completion: "" });
	return toEvents(toSseEvents([...parts, { type: "ping" }, last]));
}

export function toCompletion(id: string, model: string) {
	return {
		id,
		type: "completion" as const,
		completion: " Hello from the simulator.",
		stop_reason: "stop_sequence",
		model,
	};
}
