/** How upstream answers a call of a script. */
import type { Answering } from "./limits-rig.ts";
import type { EndStep } from "./script-steps.ts";

const usages = {
	done: (tokens: number) => ({ input_tokens: 10, output_tokens: tokens % 3 }),
	// More than was held.
	dear: (tokens: number) => ({ input_tokens: 9_000, output_tokens: tokens }),
	"other model": (tokens: number) => ({
		input_tokens: 20,
		output_tokens: tokens,
	}),
} as const;

export function toAnswering(
	{ how, model, tokens }: EndStep,
	stream: boolean,
): Answering {
	switch (how) {
		case "overloaded":
			return () =>
				Response.json(
					{ type: "error", error: { type: "overloaded_error", message: "" } },
					{ status: 529 },
				);
		case "refused":
		case "reset":
			return () => {
				const code = how === "reset" ? "ECONNRESET" : "ECONNREFUSED";
				throw Object.assign(new Error(how), { code });
			};
		case "left":
			return () => (stream ? toStream(model, null) : toMessage(model, 1));
		default: {
			const usage = usages[how](tokens);
			const served =
				how === "other model" ? model : "claude-haiku-4-5-20251001";
			return () =>
				stream ? toStream(served, usage) : toMessage(served, usage);
		}
	}
}

const toMessage = (model: string, usage: object | number) => {
	const used =
		typeof usage === "number"
			? { input_tokens: usage, output_tokens: 1 }
			: usage;
	const text = JSON.stringify({
		id: "msg_1",
		type: "message",
		role: "assistant",
		model,
		content: [],
		stop_reason: "end_turn",
		usage: used,
	});
	return new Response(text, {
		headers: {
			"content-type": "application/json",
			"content-length": String(text.length),
		},
	});
};

/** Without usage it begins and never ends. */
function toStream(model: string, usage: object | null) {
	const event = (type: string, more: object) =>
		`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
	const started = { ...usage, input_tokens: 15, output_tokens: 1 };
	const message = { id: "msg_1", type: "message", model, usage: started };
	const begin = event("message_start", { message });
	const end =
		event("message_delta", { delta: { stop_reason: "end_turn" }, usage }) +
		event("message_stop", {});
	const body = new ReadableStream({
		start: (controller) => {
			const encoder = new TextEncoder();
			controller.enqueue(encoder.encode(begin));
			if (usage === null) return;
			controller.enqueue(encoder.encode(end));
			controller.close();
		},
	});
	return new Response(body, {
		headers: { "content-type": "text/event-stream" },
	});
}
