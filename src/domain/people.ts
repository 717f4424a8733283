/** Whom operators manage besides keys. Times are milliseconds since 1970. */
import { type Limited, type LimitSet, noLimits } from "./limit-set.ts";

interface Managed extends Limited {
	readonly id: string;
	/** No two of a kind have the same; null: none. */
	readonly alias: string | null;
	readonly metadata: Readonly<Record<string, unknown>>;
	readonly blocked: boolean;
	readonly updatedMs: number;
	readonly createdBy: string;
	readonly updatedBy: string;
}

/** Somebody who owns keys. Their limits count for keys that belong to no team. */
export interface User extends Managed {
	/** For people: may be another's too. */
	readonly name: string | null;
	readonly email: string | null;
	readonly role: UserRole;
	/** Names of models, with `*` for any characters; empty: all. */
	readonly models: readonly string[];
	/** A label. */
	readonly organizationId: string | null;
}

export const userRoles = [
	"proxy_admin",
	"proxy_admin_viewer",
	"internal_user",
	"internal_user_viewer",
] as const;

export type UserRole = (typeof userRoles)[number];

/** One user within one team. What is null is as the team says for its members. */
export interface Member {
	readonly userId: string;
	readonly role: "admin" | "user";
	readonly maxBudgetNanos: number | null;
	readonly budgetDuration: string | null;
	readonly rpmLimit: number | null;
	readonly tpmLimit: number | null;
	readonly reset: Limited["reset"];
	readonly addedMs: number;
}

export interface Team extends Managed {
	/** For people: may be another's too. */
	readonly name: string | null;
	/** A label. */
	readonly organizationId: string | null;
	readonly models: readonly string[];
	readonly modelAliases: Readonly<Record<string, string>>;
	/** Every call of its keys has these too. */
	readonly tags: readonly string[];
	readonly members: readonly Member[];
	/** What each member may use of it, unless their own row says otherwise. */
	readonly memberLimits: Pick<
		LimitSet,
		"maxBudgetNanos" | "budgetDuration" | "rpmLimit" | "tpmLimit"
	>;
}

/** A caller's own customer: whom a call names as its end user. */
export interface Customer extends Managed {
	readonly name: string | null;
	/** Labels. */
	readonly allowedModelRegion: "eu" | "us" | null;
	readonly defaultModel: string | null;
}

/** Limits with a name, for whoever is linked with them. */
export type Budget = Managed;

/** A label of calls that has limits. Its id is the label. */
export interface Tag extends Managed {
	readonly description: string | null;
}

export interface Made {
	readonly nowMs: number;
	readonly actor: string;
}

export const toBlank = (id: string, { nowMs, actor }: Made): Managed => ({
	id,
	alias: null,
	metadata: {},
	blocked: false,
	...noLimits,
	budgetId: null,
	raise: null,
	reset: null,
	createdMs: nowMs,
	updatedMs: nowMs,
	createdBy: actor,
	updatedBy: actor,
});

/** The id of a member among subjects. No id has control characters, so no two members have the same. */
export const toMemberId = (teamId: string, userId: string): string =>
	`${teamId}\t${userId}`;

export const fromMemberId = (id: string): readonly [string, string] => {
	const [teamId = "", userId = ""] = id.split("\t");
	return [teamId, userId];
};

export const findMember = (
	{ members }: Team,
	userId: string | null,
): Member | null => members.find((one) => one.userId === userId) ?? null;
