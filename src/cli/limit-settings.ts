/** The rows of the settings about limits. */
import * as ledgerKinds from "./ledger-kinds.ts";
import * as limitKinds from "./limit-kinds.ts";
import type { Setting } from "./settings.ts";

export const limitSettings = {
	maxBudget: {
		group: "limits",
		variables: ["TOLLWAY_MAX_BUDGET"],
		type: ledgerKinds.dollars,
		about: "Dollars that everybody together may spend, the operator included",
	},
	budgetDuration: {
		group: "limits",
		variables: ["TOLLWAY_BUDGET_DURATION"],
		type: limitKinds.limitDuration,
		about: "When that budget begins anew: 1d, 7d, 30d, 1mo; unset: never",
	},
	globalRpm: {
		group: "limits",
		variables: ["TOLLWAY_RPM_LIMIT"],
		type: limitKinds.count,
		about: "Calls in any 60 seconds that everybody together may make",
	},
	globalTpm: {
		group: "limits",
		variables: ["TOLLWAY_TPM_LIMIT"],
		type: limitKinds.count,
		about: "Tokens in any 60 seconds that everybody together may use",
	},
	globalParallel: {
		group: "limits",
		variables: ["TOLLWAY_MAX_PARALLEL_REQUESTS"],
		type: limitKinds.count,
		about: "Calls at a time that everybody together may make",
	},
	modelLimits: {
		group: "limits",
		variables: ["TOLLWAY_MODEL_LIMITS"],
		type: limitKinds.modelLimits,
		fallback: "",
		about:
			'Limits of a model for everybody together: {"claude-opus-*": {"max_budget": 50, "budget_duration": "1d", "rpm_limit": 60, "tpm_limit": 100000}}',
	},
	endUserBudgetId: {
		group: "limits",
		variables: ["TOLLWAY_END_USER_BUDGET_ID"],
		type: limitKinds.name,
		about:
			"The budget_id of the budget that every end user has who has no other",
	},
	timeZone: {
		group: "limits",
		variables: ["TOLLWAY_TIMEZONE"],
		type: limitKinds.timeZone,
		fallback: "UTC",
		about: "Time zone in which budgets of days, weeks and months begin anew",
	},
	resetMinute: {
		group: "limits",
		variables: ["TOLLWAY_BUDGET_RESET_TIME"],
		type: limitKinds.resetTime,
		fallback: "00:00",
		about: "Time of day at which they do",
	},
	modelAliases: {
		group: "limits",
		variables: ["TOLLWAY_MODEL_ALIASES"],
		type: limitKinds.aliases,
		fallback: "",
		about:
			'Other names for models: {"fast": "claude-haiku-4-5"}; a body that asks for one is changed in that word',
	},
} as const satisfies Record<string, Setting>;
