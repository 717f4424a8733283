/** A fake upstream as cheap as can be: canned replies, by what the body asks. Prints its port when it is ready. */
import { messageReply, streamedEvents } from "./replies.ts";

/** One write per event would measure the kernel (bare relay 1,550 µs per stream), one for all nothing (130 µs). */
const eventsPerWrite = 10;

const headers = {
	"request-id": "req_011CSHoEeqs5C35K2UUqR7Fy",
	"anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
};
const plain = { headers: { ...headers, "content-type": "application/json" } };
const streamed = {
	headers: {
		...headers,
		"content-type": "text/event-stream; charset=utf-8",
		"cache-control": "no-cache",
	},
};
const events = streamedEvents.map((event) => new TextEncoder().encode(event));

const server = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	idleTimeout: 0,
	development: false,
	async fetch(request) {
		const size = (await request.arrayBuffer()).byteLength;
		if (new URL(request.url).searchParams.has("stream"))
			return new Response(openStream(), streamed);
		return new Response(messageReply(size), plain);
	},
});
console.log(server.port);

/** In groups, as they come off a wire: each group is written in a turn of the event loop of its own. */
function openStream() {
	return new ReadableStream({
		async start(controller) {
			for (const [index, event] of events.entries()) {
				if (index > 0 && index % eventsPerWrite === 0) await nextTurn();
				controller.enqueue(event);
			}
			controller.close();
		},
	});
}

function nextTurn() {
	return new Promise((resolve) => setImmediate(resolve));
}
