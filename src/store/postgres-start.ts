/** Why a PostgreSQL server cannot be used, in a sentence with a way out. */
import { toDatabaseText } from "./database-url.ts";
import { StoreError } from "./engine.ts";
import type { PostgresDatabase } from "./postgres-url.ts";

type Explain = (database: PostgresDatabase, message: string) => string;

const unreachable =
	(why: string): Explain =>
	() =>
		`${why}. Start the server, or correct the address.`;

/** By SQLSTATE (PostgreSQL, appendix A), or what the driver or the system calls it. */
const reasons: Readonly<Record<string, Explain>> = {
	ECONNREFUSED: unreachable("nothing listens there"),
	ENOTFOUND: unreachable("its name is unknown (DNS)"),
	EAI_AGAIN: unreachable("its name cannot be looked up at the moment (DNS)"),
	EHOSTUNREACH: unreachable("there is no way to it"),
	ENETUNREACH: unreachable("there is no way to it"),
	ETIMEDOUT: unreachable("it does not answer"),
	CONNECT_TIMEOUT: unreachable("it does not answer"),
	ENOENT: unreachable("there is no such socket"),
	"28P01": ({ user }) => `it refuses the password of the user ${user}.`,
	"28000": (_database, message) => `it lets this user not in (${message}).`,
	"3D000": ({ database }) =>
		`it has no database ${database}. Make it (createdb ${database}), or name another.`,
	"42501": ({ database, user }, message) =>
		`the user ${user} may not do what is needed (${message}). Let it make its schema: GRANT CREATE ON DATABASE ${database} TO ${user}; or make the schema for it: CREATE SCHEMA tollway AUTHORIZATION ${user};`,
	"25006": () =>
		"it can only be read: name the primary server, not a replica of it.",
	"53300": () =>
		"it has no connection left. Raise its max_connections, or lower connection_limit in the URL.",
	"57P03": () => "it is starting or stopping. Try again in a moment.",
};

/** Of certificates, as the runtime names them. */
const certificateFault = /CERT|VERIFY|SELF_SIGNED/;

const toReason: Explain = (database, message) => {
	const { mode } = database.tls;
	return mode === "off" || mode === "prefer"
		? `${message}.`
		: `${message}. TLS is asked for (sslmode): does the server have it?`;
};

/** What has been explained already, and what is not the server's fault, stays as it is. */
export function toServerError(
	database: PostgresDatabase,
	error: unknown,
): unknown {
	if (!(error instanceof StoreError) || error.cause === undefined) {
		return error;
	}
	const code = String((error.cause as { code?: unknown } | null)?.code);
	const explain = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
	const why = certificateFault.test(code)
		? `its certificate is not to be trusted (${code}). Name the file of its authority (sslrootcert), or ask for less (sslmode=require).`
		: (explain ?? toReason)(database, error.message);
	return new StoreError(
		error.fault,
		`${database.from} names ${toDatabaseText(database)}, which cannot be used: ${why}`,
		{ cause: error },
	);
}
