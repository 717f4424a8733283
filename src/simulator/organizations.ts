import type { Call } from "./call.ts";
import { organizationId, workspaceId } from "./headers.ts";
import { toIdPage } from "./pages.ts";
import { type Reply, toJson } from "./reply.ts";

const foundedAt = "2026-01-01T00:00:00Z";

export const organization = {
	id: organizationId,
	type: "organization" as const,
	name: "Simulated Organization",
};

export const user = {
	id: "user_01WCz1FkmYMm4gnmykNKUu3Q",
	type: "user" as const,
	email: "someone@example.com",
	name: "Someone",
	role: "developer" as const,
	added_at: foundedAt,
};

export const workspace = {
	id: workspaceId,
	type: "workspace" as const,
	name: "Default",
	created_at: foundedAt,
	archived_at: null,
	compartment_id: "cmpt_01JwQvzr7rXLA5AGx3HKfFUJ",
	data_residency: {
		allowed_inference_geos: "unrestricted" as const,
		default_inference_geo: "global" as const,
		workspace_geo: "us" as const,
	},
	display_color: "#6C5BB9",
	external_key_id: null,
	tags: {},
	user_profile_id: null,
};

export function getOrganization(): Reply {
	return toJson(organization);
}

export function listUsers({ query }: Call): Reply {
	return toJson(toIdPage([user], query));
}

export function listWorkspaces({ query }: Call): Reply {
	return toJson(toIdPage([workspace], query));
}
