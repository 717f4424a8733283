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

/** Amounts are decimal strings in cents. */
const costReport = {
	data: [
		{
			starting_at: "2026-11-21T00:00:00Z",
			ending_at: "2026-11-22T00:00:00Z",
			results: [
				{
					currency: "USD",
					amount: "123.78912",
					cost_type: "tokens",
					token_type: "output_tokens",
					model: "claude-sonnet-5-5",
					service_tier: "standard",
					context_window: "0-200k",
					inference_geo: "global",
					workspace_id: workspaceId,
					description: null,
				},
			],
		},
	],
	has_more: false,
	next_page: null,
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

export function getCostReport(): Reply {
	return toJson(costReport);
}
