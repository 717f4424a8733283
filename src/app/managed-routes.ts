/** All that operators can ask and change, in one place, because it is loaded when it is first asked for. */
import { budgetRoutes } from "../admin/budgets.ts";
import { customerRoutes } from "../admin/customers.ts";
import { type EstimateState, estimateRoutes } from "../admin/estimate.ts";
import { keyRoutes } from "../admin/keys.ts";
import { memberRoutes } from "../admin/members.ts";
import type { ManagedRoute } from "../admin/route.ts";
import { sessionRoutes } from "../admin/sessions.ts";
import { type SpendState, spendRoutes as sumRoutes } from "../admin/spend.ts";
import type { AdminState } from "../admin/state.ts";
import { tagRoutes } from "../admin/tags.ts";
import { teamRoutes } from "../admin/teams.ts";
import { userRoutes } from "../admin/users.ts";

export { addRoutes } from "../admin/route.ts";

/** What was spent. */
export const spendRoutes: readonly ManagedRoute<SpendState & EstimateState>[] =
	[...sumRoutes, ...sessionRoutes, ...estimateRoutes];

export const manageRoutes: readonly ManagedRoute<AdminState>[] = [
	...keyRoutes,
	...userRoutes,
	...teamRoutes,
	...memberRoutes,
	...customerRoutes,
	...budgetRoutes,
	...tagRoutes,
];
