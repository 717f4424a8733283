/** A team and its members as LiteLLM's routes show them. */
import { noLimits } from "../domain/limit-set.ts";
import { type Member, type Team, toMemberId } from "../domain/people.ts";
import { toMemberSet } from "../limits/call-limits.ts";
import {
	findReset,
	toBudget,
	toLimitColumns,
	toLimitedColumns,
	toMetadata,
} from "./limit-row.ts";
import { toDollars, toTime } from "./spend-row.ts";
import { type AdminState, readSpend } from "./state.ts";

export async function toTeamRow(team: Team, state: AdminState) {
	const { id } = team;
	const spend = await readSpend({ kind: "team", id }, team, state);
	const { memberLimits } = team;
	return {
		team_id: id,
		team_alias: team.name,
		organization_id: team.organizationId,
		admins: [],
		members: [],
		members_with_roles: team.members.map((member) =>
			toMemberRole(member, state),
		),
		...toLimitedColumns(team, spend, state),
		metadata: toMetadata(team.metadata, team, team.tags),
		tags: team.tags,
		models: team.models,
		model_aliases: team.modelAliases,
		blocked: team.blocked,
		team_member_budget: toBudget(memberLimits.maxBudgetNanos),
		team_member_budget_duration: memberLimits.budgetDuration,
		team_member_rpm_limit: memberLimits.rpmLimit,
		team_member_tpm_limit: memberLimits.tpmLimit,
		team_member_permissions: [],
		access_group_ids: [],
		policies: [],
		router_settings: null,
		model_id: null,
		object_permission_id: null,
		created_at: toTime(team.createdMs),
		updated_at: toTime(team.updatedMs),
	};
}

const toMemberRole = ({ userId, role }: Member, { directory }: AdminState) => ({
	user_id: userId,
	user_email: directory.users.byId(userId)?.email ?? null,
	role,
});

/** With the member's own limits as a budget; null where the team's word holds. */
export async function toMembership(
	team: Team,
	member: Member,
	state: AdminState,
) {
	const { userId, maxBudgetNanos, budgetDuration, rpmLimit, tpmLimit } = member;
	const subject = { kind: "member", id: toMemberId(team.id, userId) } as const;
	const own = { maxBudgetNanos, budgetDuration, rpmLimit, tpmLimit };
	const set = toMemberSet(team, userId);
	const hasOwn = Object.values(own).some((limit) => limit !== null);
	const budgetId = hasOwn ? `${team.id}/${userId}` : null;
	return {
		user_id: userId,
		team_id: team.id,
		budget_id: budgetId,
		spend: toDollars(await readSpend(subject, set, state)),
		litellm_budget_table: hasOwn
			? {
					budget_id: budgetId,
					...toLimitColumns({ ...noLimits, ...own }),
					budget_reset_at: set && findReset(set, state),
				}
			: null,
	};
}
