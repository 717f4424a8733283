/** A user as LiteLLM's routes show it. */
import type { User } from "../domain/people.ts";
import { toLimitedColumns, toMetadata } from "./limit-row.ts";
import { toTime } from "./spend-row.ts";
import { type AdminState, readSpend } from "./state.ts";

export async function toUserRow(user: User, state: AdminState) {
	const { id } = user;
	const spend = await readSpend({ kind: "user", id }, user, state);
	const teams = state.directory.teams
		.list()
		.filter(({ members }) => members.some(({ userId }) => userId === id));
	return {
		user_id: id,
		user_alias: user.name,
		user_email: user.email,
		user_role: user.role,
		team_id: null,
		sso_user_id: null,
		organization_id: user.organizationId,
		teams: teams.map((team) => team.id),
		models: user.models,
		...toLimitedColumns(user, spend, state),
		metadata: toMetadata(user.metadata, user),
		allowed_cache_controls: [],
		policies: [],
		created_at: toTime(user.createdMs),
		updated_at: toTime(user.updatedMs),
	};
}
