import { type Call, readJson } from "./call.ts";
import { ApiError } from "./errors.ts";
import { isObject, type JsonObject, toList, toText } from "./json.ts";
import { toCursorPage } from "./pages.ts";
import { type Reply, toEvents, toJson } from "./reply.ts";
import {
	followEvents,
	type Session,
	takeTurn,
	toSessionEvent,
	wake,
} from "./session-events.ts";

/** POST /v1/sessions. */
export function createSession(call: Call): Reply {
	const { world } = call;
	const body = readJson(call.body);
	for (const name of ["agent", "environment_id"]) {
		if (!(name in body)) {
			throw new ApiError("invalid_request_error", `${name}: Field required`);
		}
	}
	const { agent } = body;
	const session: Session = {
		id: world.nextId("session"),
		agentId: toText(isObject(agent) ? agent.id : agent),
		environmentId: toText(body.environment_id),
		title: typeof body.title === "string" ? body.title : null,
		createdMs: world.clock.now(),
		turns: 0,
		events: [],
		followers: new Set(),
		nextEventId: () => world.nextId("sevt"),
	};
	world.sessions.add(session);
	for (const event of toList(body.initial_events)) {
		takeTurn(session, event as JsonObject, world.clock.now());
	}
	return toJson(toSession(session));
}

/** GET /v1/sessions/{id}, with usage and `list_cost` so far. */
export function getSession({ params, world }: Call): Reply {
	return toJson(toSession(world.sessions.get(params.id)));
}

export function listSessions({ query, world }: Call): Reply {
	const page = toCursorPage(world.sessions.list().map(toSession), query);
	return toJson({ ...page, prev_page: null });
}

export function deleteSession({ params, world }: Call): Reply {
	const session = world.sessions.get(params.id);
	world.sessions.remove(session.id);
	session.events.push(
		toSessionEvent(session, { type: "session.deleted" }, world.clock.now()),
	);
	wake(session);
	return toJson({ id: session.id, type: "session_deleted" });
}

/** POST /v1/sessions/{id}/events: every user message starts a turn that costs something. */
export function sendSessionEvents(call: Call): Reply {
	const { world, params } = call;
	const session = world.sessions.get(params.id);
	const { events } = readJson(call.body);
	if (!Array.isArray(events)) {
		throw new ApiError("invalid_request_error", "events: Field required");
	}
	const nowMs = world.clock.now();
	const data = events
		.filter(isObject)
		.map((event) => takeTurn(session, event, nowMs));
	return toJson({ data });
}

export function listSessionEvents({ params, query, world }: Call): Reply {
	return toJson(toCursorPage(world.sessions.get(params.id).events, query));
}

/** GET /v1/sessions/{id}/events/stream: what happens from now on, until the client leaves or the session is deleted. */
export function streamSessionEvents(call: Call): Reply {
	const session = call.world.sessions.get(call.params.id);
	return toEvents(followEvents(session, (listener) => call.onEnded(listener)));
}

const centsPerTurn = 3;
const secondsPerTurn = 12;

export function toSessionUsage({ turns }: Session) {
	return {
		input_tokens: turns * 1_200,
		output_tokens: turns * 300,
		cache_read_input_tokens: turns * 800,
		cache_creation: {
			ephemeral_5m_input_tokens: turns * 400,
			ephemeral_1h_input_tokens: 0,
		},
		server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
		active_seconds: turns * secondsPerTurn,
		list_cost: {
			amount: String(turns * centsPerTurn),
			currency: "USD" as const,
		},
	};
}

export function toSession(session: Session) {
	const created_at = new Date(session.createdMs).toISOString();
	const usage = toSessionUsage(session);
	return {
		id: session.id,
		type: "session" as const,
		agent: toSessionAgent(session.agentId),
		environment_id: session.environmentId,
		title: session.title,
		status: "idle" as const,
		created_at,
		updated_at: created_at,
		archived_at: null,
		budget: null,
		metadata: {},
		outcome_evaluations: [],
		resources: [],
		vault_ids: [],
		stats: {
			active_seconds: usage.active_seconds,
			duration_seconds: usage.active_seconds,
		},
		usage,
	};
}

function toSessionAgent(id: string) {
	return {
		id,
		type: "agent" as const,
		name: "Simulated agent",
		description: null,
		execution_identity: { type: "service_account" as const },
		mcp_servers: [],
		model: { id: "claude-sonnet-5-5" as const, speed: "standard" as const },
		multiagent: null,
		skills: [],
		system: null,
		tools: [],
		version: 1,
	};
}
