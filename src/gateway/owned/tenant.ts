/** For whom a thing is made, and who may see it. */
import type { Grant } from "../authenticate.ts";
import type { Opening } from "../opening.ts";

/** Whose it is: all of a team, or else all keys of a user, or else one key. Null: of those who hold no key. */
export function toOwner({
	teamId,
	userId,
	keyId,
}: Pick<Opening, "teamId" | "userId" | "keyId">): string | null {
	if (teamId !== null) return `team:${teamId}`;
	if (userId !== null) return `user:${userId}`;
	return keyId === null ? null : `key:${keyId}`;
}

/** Who sees only their own; null: who sees all, or whose credential upstream itself keeps to their own. */
export function toTenant({ key, payer }: Grant): string | null {
	if (key === null || payer === "client") return null;
	const { teamId, userId, id: keyId } = key;
	return toOwner({ teamId, userId, keyId });
}
