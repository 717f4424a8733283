import { type Call, readJson } from "./call.ts";
import { ApiError } from "./errors.ts";
import { noContent, type Reply, toJson } from "./reply.ts";
import { pause } from "./wire.ts";

const defaultBlockMs = 999;
const maxBlockMs = 60_000;

/**
 * `poll` of an environment's work: nothing is ever queued, so it waits out `block_ms` and then answers `null`, as the SDKs
 * expect of an empty queue.
 */
export async function pollWork({ query, onEnded }: Call): Promise<Reply> {
	const asked = Number(query.get("block_ms") ?? defaultBlockMs);
	const blockMs = Math.min(Number.isFinite(asked) ? asked : 0, maxBlockMs);
	await pause(blockMs, { onEnded });
	return toJson(null);
}

/** `heartbeat` of a piece of work: the lease is never ours, the API's only 412. */
export function refuseHeartbeat(): Reply {
	throw new ApiError("invalid_request_error", "The lease has been lost", {
		status: 412,
		details: {
			error_code: "heartbeat_precondition_failed",
			current_state: {
				last_heartbeat: null,
				lease_extended: false,
				state: "stopped",
				ttl_seconds: 0,
			},
		},
	});
}

export interface MemoryStore {
	id: string;
	name: string;
	description: string;
	createdMs: number;
}

/** POST /v1/memory_stores. */
export function createMemoryStore(call: Call): Reply {
	const { name, description } = readJson(call.body);
	if (typeof name !== "string") {
		throw new ApiError("invalid_request_error", "name: Field required");
	}
	const store: MemoryStore = {
		id: call.world.nextId("memstore"),
		name,
		description: typeof description === "string" ? description : "",
		createdMs: call.world.clock.now(),
	};
	call.world.memoryStores.add(store);
	return toJson(toMemoryStore(store));
}

export function getMemoryStore({ params, world }: Call): Reply {
	return toJson(toMemoryStore(world.memoryStores.get(params.id)));
}

/** DELETE …/memories/{memory}: nothing is stored, and the answer has no body. */
export function deleteMemory({ params, world }: Call): Reply {
	world.memoryStores.get(params.id);
	return noContent;
}

export function toMemoryStore(store: MemoryStore) {
	const created_at = new Date(store.createdMs).toISOString();
	return {
		id: store.id,
		type: "memory_store" as const,
		name: store.name,
		description: store.description,
		metadata: {},
		archived_at: null,
		created_at,
		updated_at: created_at,
	};
}
