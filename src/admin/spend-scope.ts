/** Who may see what was spent. Whoever asks for what is not his is answered as if there were no such thing. */
import type { Directory } from "../domain/directory.ts";
import type { Entry } from "../domain/entry.ts";
import { findMember } from "../domain/people.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import type { Engine } from "../store/engine.ts";

export interface ScopeState {
	readonly directory: Pick<Directory, "keys" | "users" | "teams">;
	/** @throws GatewayError for a caller who may not see what was spent */
	requireOperator(headers: RequestHeaders): void;
	/** Null: none that is known. @throws GatewayError for one that is blocked or expired */
	readOwnKey(headers: RequestHeaders): VirtualKey | null;
}

/** What the holder of a key may see; null: everything. */
export type Scope = {
	readonly keyId: string;
	readonly userId: string | null;
	/** Those in which the key's owner is an admin. */
	readonly teams: readonly string[];
} | null;

/** @throws GatewayError for one who is neither the operator nor the holder of a key */
export function readScope(
	headers: RequestHeaders,
	{ directory, readOwnKey, requireOperator }: ScopeState,
): Scope {
	const own = readOwnKey(headers);
	if (own === null) {
		requireOperator(headers);
		return null;
	}
	const { id: keyId, userId } = own;
	const teams = directory.teams
		.list()
		.filter((team) => findMember(team, userId)?.role === "admin")
		.map(({ id }) => id);
	return { keyId, userId, teams: userId === null ? [] : teams };
}

export type Seen = "key" | "user" | "team";

/** Whether all that is summed under this id is the caller's to see. */
export function maySee(scope: Scope, kind: Seen, id: string): boolean {
	if (scope === null) return true;
	if (kind === "key") return id === scope.keyId;
	if (kind === "user") return scope.userId !== null && id === scope.userId;
	return scope.teams.includes(id);
}

export const maySeeEntry = (
	scope: Scope,
	{ keyId, userId, teamId }: Pick<Entry, "keyId" | "userId" | "teamId">,
): boolean =>
	(keyId !== null && maySee(scope, "key", keyId)) ||
	(userId !== null && maySee(scope, "user", userId)) ||
	(teamId !== null && maySee(scope, "team", teamId)) ||
	scope === null;

/** Of whom a caller hears who names nobody: the key's owner or, where it has none, the key. */
export const toOwn = (scope: NonNullable<Scope>) =>
	scope.userId === null
		? ({ kind: "key", id: scope.keyId } as const)
		: ({ kind: "user", id: scope.userId } as const);

/** The same ledger, with nothing in it. */
export const toEmpty = (engine: Engine): Engine => ({
	...engine,
	read: async () => [],
});
