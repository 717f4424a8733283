import type { JsonObject } from "./json.ts";
import { toText } from "./json.ts";
import type { SseEvent } from "./reply.ts";
import { toSessionUsage } from "./sessions.ts";

export interface SessionEvent extends JsonObject {
	id: string;
	type: string;
}

export interface Session {
	id: string;
	agentId: string;
	environmentId: string;
	title: string | null;
	createdMs: number;
	/** User messages so far; usage follows from it. */
	turns: number;
	events: SessionEvent[];
	/** Streams that wait for the next event. */
	followers: Set<() => void>;
	nextEventId: () => string;
}

export function toSessionEvent(
	session: Session,
	event: JsonObject & { type: string },
	nowMs: number,
): SessionEvent {
	const processed_at = new Date(nowMs).toISOString();
	return { ...event, id: session.nextEventId(), processed_at };
}

/** Takes in what a user sent; a message is answered at once. Returns the event as stored. */
export function takeTurn(
	session: Session,
	sent: JsonObject,
	nowMs: number,
): SessionEvent {
	const add = (event: JsonObject & { type: string }) => {
		const stored = toSessionEvent(session, event, nowMs);
		session.events.push(stored);
		return stored;
	};
	const received = add({ ...sent, type: toText(sent.type) });
	if (received.type === "user.message") {
		session.turns++;
		add({ type: "session.status_running" });
		const start = add({ type: "span.model_request_start" });
		add({ type: "agent.message", content: [agentText] });
		add({
			type: "span.model_request_end",
			is_error: false,
			model_request_start_id: start.id,
			model_usage: modelUsage,
		});
		add({ type: "session.usage", usage: toSessionUsage(session) });
		const stop_reason = { type: "end_turn" };
		add({ type: "session.status_idle", stop_reason, stop_details: null });
	}
	wake(session);
	return received;
}

const agentText = { type: "text", text: "Done, as far as a simulator can." };

const modelUsage = {
	input_tokens: 1_200,
	output_tokens: 300,
	cache_read_input_tokens: 800,
	cache_creation_input_tokens: 400,
	speed: "standard",
};

export function wake({ followers }: Session): void {
	for (const follower of [...followers]) follower();
}

/** Events from now on. Ends after `session.deleted`, or when the listener of `onEnded` is called. */
export async function* followEvents(
	session: Session,
	onEnded: (listener: () => void) => () => void,
): AsyncGenerator<SseEvent> {
	let at = session.events.length;
	while (true) {
		const event = session.events[at];
		if (event !== undefined) {
			at++;
			yield { name: event.type, data: JSON.stringify(event) };
			if (event.type === "session.deleted") return;
		} else if (!(await nextChange(session, onEnded))) {
			return;
		}
	}
}

/** True at the next change, false when the client has left. */
function nextChange(
	{ followers }: Session,
	onEnded: (listener: () => void) => () => void,
): Promise<boolean> {
	return new Promise((resolve) => {
		const changed = () => settle(true);
		const settle = (goesOn: boolean) => {
			followers.delete(changed);
			forget();
			resolve(goesOn);
		};
		followers.add(changed);
		const forget = onEnded(() => settle(false));
	});
}
