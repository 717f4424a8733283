/** All that operators can ask and change, in one place, because it is loaded when it is first asked for. */
import { activityRoutes } from "../admin/activity.ts";
import { budgetRoutes } from "../admin/budgets.ts";
import { customerRoutes } from "../admin/customers.ts";
import { type EstimateState, estimateRoutes } from "../admin/estimate.ts";
import { globalActivityRoutes } from "../admin/global-activity.ts";
import { globalRoutes } from "../admin/global-spend.ts";
import { keyRoutes } from "../admin/keys.ts";
import { memberRoutes } from "../admin/members.ts";
import { type ReconcileState, reconcileRoutes } from "../admin/reconcile.ts";
import { type RepriceState, repriceRoutes } from "../admin/reprice.ts";
import type { ManagedRoute } from "../admin/route.ts";
import { type SessionState, sessionRoutes } from "../admin/sessions.ts";
import { spendRoutes } from "../admin/spend.ts";
import { spendPeopleRoutes } from "../admin/spend-people.ts";
import type { AdminState } from "../admin/state.ts";
import { tagRoutes } from "../admin/tags.ts";
import { teamRoutes } from "../admin/teams.ts";
import { userRoutes } from "../admin/users.ts";

export { addRoutes } from "../admin/route.ts";
export { openReprice } from "../gateway/reprice/reprice.ts";

export type ReportState = ReconcileState &
	SessionState &
	EstimateState &
	RepriceState;

export const reportRoutes: readonly ManagedRoute<ReportState>[] = [
	...spendRoutes,
	...globalRoutes,
	...globalActivityRoutes,
	...activityRoutes,
	...sessionRoutes,
	...estimateRoutes,
	...repriceRoutes,
	...reconcileRoutes,
];

export const manageRoutes: readonly ManagedRoute<AdminState>[] = [
	...keyRoutes,
	...userRoutes,
	...teamRoutes,
	...memberRoutes,
	...customerRoutes,
	...budgetRoutes,
	...tagRoutes,
	...spendPeopleRoutes,
];
