/** Who joins a team. */
import { z } from "zod";
import type { Member, User } from "../domain/people.ts";
import type { Edit } from "../store/directory.ts";
import { optional } from "./fields.ts";
import { toEdit } from "./items.ts";
import { refuseField, text } from "./read-input.ts";
import type { AdminState } from "./state.ts";
import { toAddress, toFindByEmail, toNewUser } from "./users.ts";

export const memberRole = z.enum(["admin", "user"], {
	error: "must be admin or user",
});

const isText = (name: string) => ({
	required: [name],
	properties: { [name]: { type: "string", minLength: 1 } },
});

/** Somebody who joins, by id or by address. */
export const joining = z
	.strictObject(
		{
			role: optional(memberRole),
			user_id: optional(text),
			user_email: optional(text),
		},
		"must hold role and user_id or user_email",
	)
	.refine(
		({ user_id, user_email }) =>
			user_id !== undefined || user_email !== undefined,
		"must hold user_id or user_email",
	)
	.meta({ anyOf: [isText("user_id"), isText("user_email")] });

type Joining = z.output<typeof joining>;

interface Joined {
	readonly user: User;
	readonly role: Member["role"];
}

/** Users who are in no table yet are put into it; each once, however often they are named. @throws GatewayError `malformed_request` */
export function toJoined(
	all: readonly Joining[],
	state: AdminState,
): { readonly joined: readonly Joined[]; readonly edits: readonly Edit[] } {
	const findByEmail = toFindByEmail(state);
	const freshById = new Map<string, User>();
	const freshByEmail = new Map<string, User>();
	const joined = all.map((one): Joined => {
		const { user_id: id, user_email: email, role = "user" } = one;
		const byEmail =
			email === undefined
				? null
				: (findByEmail(email) ?? freshByEmail.get(toAddress(email)) ?? null);
		const byId =
			id === undefined
				? byEmail
				: (state.directory.users.byId(id) ?? freshById.get(id) ?? null);
		if (email !== undefined && byEmail !== byId) throw notTheirs(id ?? "");
		if (byId !== null) return { user: byId, role };
		const user = toNew(one, state);
		freshById.set(user.id, user);
		if (email !== undefined) freshByEmail.set(toAddress(email), user);
		return { user, role };
	});
	const edits = [...freshById.values()].map((user) =>
		toEdit("user", user.id, user),
	);
	return { joined, edits };
}

const notTheirs = (id: string) =>
	refuseField(
		"user_email",
		`this is not the address of ${id}. Change it with /user/update, or leave it out.`,
	);

const toNew = ({ user_id, user_email }: Joining, state: AdminState): User => ({
	...toNewUser(user_id ?? state.newId(), state),
	email: user_email ?? null,
});
