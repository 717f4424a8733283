/** The rows of the settings that say where the database is. */
import * as databaseKinds from "./database-kinds.ts";
import * as kinds from "./kinds.ts";
import type { Setting } from "./settings.ts";

export const databaseSettings = {
	databaseUrl: {
		group: "storage",
		variables: ["DATABASE_URL"],
		type: databaseKinds.databaseUrl,
		credential: "database-url",
		about:
			"sqlite:<path>, a path, or postgresql://<user>:<password>@<host>/<database>; unset: tollway.db in the data folder",
	},
	databaseHost: {
		group: "storage",
		variables: ["DATABASE_HOST"],
		type: databaseKinds.databaseHost,
		about: "PostgreSQL server, for those who do not write a DATABASE_URL",
	},
	databasePort: {
		group: "storage",
		variables: ["DATABASE_PORT"],
		type: databaseKinds.databasePort,
		about: "Its port, if it is not 5432",
	},
	databaseUser: {
		group: "storage",
		variables: ["DATABASE_USERNAME", "DATABASE_USER"],
		type: databaseKinds.databaseText,
		about: "User to log in there as",
	},
	databasePassword: {
		group: "storage",
		variables: ["DATABASE_PASSWORD"],
		type: databaseKinds.databaseText,
		credential: "database-password",
		about: "Password of that user, also for a DATABASE_URL that holds none",
	},
	databaseName: {
		group: "storage",
		variables: ["DATABASE_NAME"],
		type: databaseKinds.databaseText,
		about: "Database there; Tollway's tables are in its schema tollway",
	},
	databaseTls: {
		group: "storage",
		variables: ["DATABASE_SSLMODE"],
		type: databaseKinds.databaseTls,
		about:
			"disable, prefer (when unset), require, verify-ca or verify-full, unless DATABASE_URL says",
	},
	databaseCaPath: {
		group: "storage",
		variables: ["DATABASE_SSLROOTCERT"],
		type: kinds.path,
		about:
			"Certificates (PEM) by which to know the server, unless DATABASE_URL says",
	},
	databaseUnprepared: {
		group: "storage",
		variables: ["DATABASE_DISABLE_PREPARED_STATEMENTS"],
		type: kinds.flag,
		fallback: "false",
		about: "For a pooler that cannot keep prepared statements",
	},
} as const satisfies Record<string, Setting>;
