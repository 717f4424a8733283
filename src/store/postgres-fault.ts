import type { StoreFault } from "./engine.ts";

/** By SQLSTATE, or the beginning of one (PostgreSQL, appendix A); the longer ones first. */
const faults: readonly (readonly [prefix: string, fault: StoreFault])[] = [
	["53100", "full"],
	["53300", "unreachable"], // too many connections
	["25006", "readonly"],
	["25P03", "unreachable"], // idle_in_transaction_session_timeout: the connection is gone
	["58", "io"],
	["XX001", "corrupt"],
	["XX002", "corrupt"],
	["22", "conflict"],
	["23", "conflict"],
	["40", "busy"], // serialization failure, deadlock
	["55P03", "busy"],
	["57014", "busy"], // statement_timeout
	["57P", "unreachable"], // shutdown, crash, starting up
	["08", "unreachable"],
	// What postgres.js and the system call a connection that is not there.
	["CONNECT", "unreachable"],
	["ECONN", "unreachable"],
	["EPIPE", "unreachable"],
	["ETIMEDOUT", "unreachable"],
	["EHOSTUNREACH", "unreachable"],
	["ENOTFOUND", "unreachable"],
	["EAI_AGAIN", "unreachable"],
];

export function toPostgresFault(error: unknown): StoreFault {
	const code = String((error as { code?: unknown } | null)?.code ?? "");
	return faults.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "broken";
}
