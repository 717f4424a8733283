/** What is said to the one whose call has no room: which limit, whose, how much of it is used, when there is more. */
import type { Directory } from "../domain/directory.ts";
import { GatewayError } from "../domain/error.ts";
import type { Refusal } from "../domain/judge.ts";
import { toDollarText, toNanos } from "../domain/nanos.ts";
import { fromMemberId } from "../domain/people.ts";
import type { Subject, SubjectKind } from "../domain/subject.ts";
import { toRefusedHeaders } from "./budget-headers.ts";

const kinds = {
	requests: { limit: "requests in any 60 seconds", type: "requests" },
	tokens: { limit: "tokens in any 60 seconds", type: "tokens" },
	concurrent: { limit: "calls at a time", type: "concurrent_requests" },
} as const;

type Names = Pick<Directory, "keys" | "teams">;

/** @param cause why less could not be asked for; for the log */
export function toLimitError(
	refusal: Refusal,
	names: Names,
	cause: unknown = null,
): GatewayError {
	const { measure, subject, model } = refusal.limit;
	const answer = {
		retry: refusal.retry,
		retryAfter: refusal.retryAfterSeconds,
		headers: toHeaders(refusal),
	};
	const of = model === null ? "" : ` for ${model}`;
	const who = toWho[subject.kind](subject.id, names) + of;
	const sentence =
		measure === "nanos"
			? toBudgetSentence(refusal, who)
			: toRateSentence(refusal, who, kinds[measure].limit);
	const isSpent = refusal.type === "billing_error";
	const code = isSpent ? "budget_reached" : "limit_reached";
	return new GatewayError(code, sentence, { answer, cause });
}

/** As LiteLLM tells which limit it was, and when to come back. */
function toHeaders(refusal: Refusal): Record<string, string> {
	const { limit, type, resetsMs } = refusal;
	const { measure } = limit;
	return {
		...(type === "billing_error" && toRefusedHeaders(limit, resetsMs)),
		...(measure !== "nanos" && { rate_limit_type: kinds[measure].type }),
		...(resetsMs !== null && { reset_at: new Date(resetsMs).toISOString() }),
	};
}

const withName = (id: string, name: string | null | undefined): string =>
	name ? `${id} (${name})` : id;

/** A subject as a sentence names it. */
const toWho: Readonly<
	Record<SubjectKind, (id: Subject["id"], names: Names) => string>
> = {
	key: (id, { keys }) => {
		const key = keys.byId(id);
		return `key ${withName(key?.name ?? "", key?.alias)}`;
	},
	user: (id) => `user ${id}`,
	team: (id, { teams }) => `team ${withName(id, teams.byId(id)?.name)}`,
	member: (id) => {
		const [teamId, userId] = fromMemberId(id);
		return `user ${userId} in team ${teamId}`;
	},
	customer: (id) => `end user ${id}`,
	tag: (id) => `tag ${id}`,
	global: () => "this gateway as a whole",
};

const dollars = (nanos: bigint): string => `$${toDollarText(toNanos(nanos))}`;

function toBudgetSentence(refusal: Refusal, who: string): string {
	const { reason, limit, used, held, asked, resetsMs } = refusal;
	const budget = `The budget of ${who} is ${dollars(limit.ceiling)}, of which ${dollars(used)} is spent`;
	if (reason === "held") {
		return `${budget} and ${dollars(held)} is reserved for calls that are running; this one may cost up to ${dollars(asked)}. Try again when they have ended.`;
	}
	const when =
		resetsMs === null
			? "It does not reset; ask the gateway's operator for more."
			: `It resets at ${new Date(resetsMs).toISOString()}.`;
	return `${budget}; this call may cost up to ${dollars(asked)}. ${when}`;
}

function toRateSentence(
	{ reason, limit, used, held, asked, retryAfterSeconds }: Refusal,
	who: string,
	what: string,
): string {
	if (reason === "too_large") {
		return `This call may take ${asked} of the ${limit.ceiling} ${what} that ${who} may use, more than there will ever be. Ask for less, or ask the gateway's operator for a higher limit.`;
	}
	const again =
		retryAfterSeconds === null ? "" : ` Try again in ${retryAfterSeconds} s.`;
	return `The limit of ${who} is ${limit.ceiling} ${what}, and ${used + held} are used; this call may take ${asked}.${again}`;
}
