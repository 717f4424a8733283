/** The rows of the settings that say how calls are recorded. */
import * as kinds from "./kinds.ts";
import * as ledgerKinds from "./ledger-kinds.ts";
import type { Setting } from "./settings.ts";

export const ledgerSettings = {
	durability: {
		group: "money",
		variables: ["TOLLWAY_DURABILITY"],
		type: ledgerKinds.durability,
		fallback: "always",
		about:
			"When a reply may end: always (no power cut can undo its record), interval (one within 200 ms could) or off (one could undo the last seconds)",
	},
	ledgerDown: {
		group: "money",
		variables: ["TOLLWAY_LEDGER_DOWN"],
		type: ledgerKinds.ledgerDown,
		fallback: "refuse",
		about:
			"While the database takes nothing: refuse calls that cost money, or serve them from the journal up to TOLLWAY_LEDGER_DOWN_LIMIT",
	},
	ledgerDownLimit: {
		group: "money",
		variables: ["TOLLWAY_LEDGER_DOWN_LIMIT"],
		type: ledgerKinds.dollars,
		fallback: "10",
		about: "Dollars that calls served so may cost at the most",
	},
	holdMode: {
		group: "money",
		variables: ["TOLLWAY_HOLD"],
		type: ledgerKinds.holdMode,
		fallback: "usual",
		about:
			"What is reserved for a prompt: usual (two bytes are a token) or strict (every byte is one)",
	},
	hashBodies: {
		group: "money",
		variables: ["TOLLWAY_BODY_HASH"],
		type: kinds.flag,
		fallback: "false",
		about: "Record the SHA-256 of every request and reply body",
	},
	userHeader: {
		group: "money",
		variables: ["TOLLWAY_USER_HEADER"],
		type: ledgerKinds.headerName,
		about: "One more request header that names the end user",
	},
	batchPollMs: {
		group: "money",
		variables: ["TOLLWAY_BATCH_POLL"],
		type: ledgerKinds.batchPoll,
		fallback: "5s",
		about:
			"How soon upstream is asked what has become of a new batch; then ever more rarely, down to a sixtieth as often",
	},
	retentionDays: {
		group: "money",
		variables: ["TOLLWAY_RETENTION_DAYS"],
		type: ledgerKinds.retentionDays,
		about:
			"Calls that are older are deleted from the ledger, at least 32 days; the sums stay. Unset: they are kept",
	},
	retentionBytes: {
		group: "money",
		variables: ["TOLLWAY_RETENTION_BYTES"],
		type: kinds.size,
		about:
			"While the ledger takes more, its oldest calls are deleted, but none of the last 32 days",
	},
	retentionEveryMs: {
		group: "money",
		variables: ["TOLLWAY_RETENTION_INTERVAL"],
		type: ledgerKinds.retentionEvery,
		fallback: "1h",
		about: "How often old calls are looked for",
	},
} as const satisfies Record<string, Setting>;
