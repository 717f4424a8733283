/** Whose limits a call must keep: those of its key, and of all that it belongs to. */
import type { Directory } from "../domain/directory.ts";
import type { Limit } from "../domain/limit.ts";
import { type Limited, type LimitSet, noLimits } from "../domain/limit-set.ts";
import { findMember, type Team, toMemberId } from "../domain/people.ts";
import type { Subject } from "../domain/subject.ts";
import { allowsModel, type VirtualKey } from "../domain/virtual-key.ts";
import type { Clock } from "../platform/contract.ts";
import {
	type Calendar,
	type InForce,
	toInForce,
	toLimits,
} from "./set-limits.ts";

/** What decides whose limits they are. */
export interface Belonging {
	/** Null: the master key, or anybody where nobody needs a key. Only the gateway's own limits are theirs. */
	readonly key: VirtualKey | null;
	readonly endUser: string | null;
	readonly tags: readonly string[];
	/** Every model that the call names. */
	readonly models: readonly string[];
}

export interface CallLimits {
	/** All that the call belongs to. */
	readonly subjects: readonly Subject[];
	/** Of these; those that are about this call. */
	readonly limits: readonly Limit[];
	/** Of these the key's own `max_budget`; none where it has none. */
	readonly keyBudget: readonly Limit[];
}

export interface CallLimitsOptions {
	readonly directory: Directory;
	readonly clock: Clock;
	readonly calendar: Calendar;
	/** Of everybody together. */
	readonly global: LimitSet;
	/** The id of the budget of every end user who has no other; null: they have none. */
	readonly endUserBudgetId: string | null;
}

export const everybody: Subject = { kind: "global", id: "" };

/** New end users of a key in a day that have a count of their own; all others share one. */
const maxNewEndUsers = 1_000;
export const otherEndUser = "other";

/** Made once for each state of the directory, and kept for the time that it holds. */
interface Kept extends CallLimits {
	readonly version: number;
	readonly untilMs: number;
	/** Whether some of the limits are for a model. */
	readonly hasModels: boolean;
	readonly hasBudget: boolean;
}

interface State {
	readonly options: CallLimitsOptions;
	readonly byKey: WeakMap<VirtualKey, Kept>;
	readonly global: Kept;
	readonly names: EndUserNames;
}

export interface LimitFinder {
	find(belonging: Belonging): CallLimits;
	/** Whether a budget bounds what a key may spend: its own, or one of those that it belongs to. */
	hasBudget(key: VirtualKey): boolean;
}

export function openCallLimits(options: CallLimitsOptions): LimitFinder {
	const s: State = {
		options,
		byKey: new WeakMap(),
		global: keep(
			options.directory.version(),
			collect(options).add(everybody, toStanding(options.global)),
		),
		names: openEndUserNames(options.clock),
	};
	return {
		find: (belonging) => {
			const { key, endUser, tags } = belonging;
			if (key === null) return select(s.global, belonging);
			const base = baseOf(s, key);
			const found =
				endUser === null && tags.length === 0
					? base
					: extend(s, base, key, belonging);
			return select(found, belonging);
		},
		hasBudget: (key) => baseOf(s, key).hasBudget,
	};
}

function select(found: Kept, { models }: Belonging): CallLimits {
	if (!found.hasModels) return found;
	const { subjects, keyBudget } = found;
	const limits = found.limits.filter(
		({ model }) =>
			model === null || models.some((one) => allowsModel([model], one)),
	);
	return { subjects, limits, keyBudget };
}

function baseOf(s: State, key: VirtualKey): Kept {
	const { directory, clock } = s.options;
	const known = s.byKey.get(key);
	const isFresh =
		known?.version === directory.version() && clock.now() < known.untilMs;
	if (isFresh) return known;
	const fresh = keep(directory.version(), collectBase(s.options, key));
	s.byKey.set(key, fresh);
	return fresh;
}

function collectBase(options: CallLimitsOptions, key: VirtualKey): Collecting {
	const { directory, global } = options;
	const all = collect(options)
		.add({ kind: "key", id: key.id }, key)
		.add(everybody, toStanding(global));
	const team = key.teamId === null ? null : directory.teams.byId(key.teamId);
	if (key.teamId !== null) {
		all.add({ kind: "team", id: key.teamId }, team);
		if (key.userId !== null) {
			const id = toMemberId(key.teamId, key.userId);
			all.add({ kind: "member", id }, toMemberSet(team, key.userId));
		}
	}
	if (key.userId !== null) {
		// As LiteLLM has it: what a key of a team spends is the team's.
		const user = key.teamId === null ? directory.users.byId(key.userId) : null;
		all.add({ kind: "user", id: key.userId }, user);
	}
	return all;
}

/** What a member may use: what is said of them, or else of all members; null where there is no such team. */
export function toMemberSet(team: Team | null, userId: string): Limited | null {
	if (team === null) return null;
	const member = findMember(team, userId);
	const under = team.memberLimits;
	return {
		...noLimits,
		maxBudgetNanos: member?.maxBudgetNanos ?? under.maxBudgetNanos,
		budgetDuration: member?.budgetDuration ?? under.budgetDuration,
		rpmLimit: member?.rpmLimit ?? under.rpmLimit,
		tpmLimit: member?.tpmLimit ?? under.tpmLimit,
		budgetId: null,
		raise: null,
		reset: member?.reset ?? null,
		createdMs: member?.addedMs ?? team.createdMs,
	};
}

/** For a call that says more of itself than its key does. */
function extend(
	s: State,
	base: Kept,
	key: VirtualKey,
	{ endUser, tags }: Belonging,
): Kept {
	const { directory, endUserBudgetId } = s.options;
	const more = collect(s.options);
	if (endUser !== null) {
		const customer = directory.customers.byId(endUser);
		const standing =
			endUserBudgetId === null ? null : directory.budgets.byId(endUserBudgetId);
		const isNamed = customer !== null || standing === null;
		const id = isNamed ? endUser : s.names(endUser, key.id);
		more.add({ kind: "customer", id }, customer ?? standing, standing);
	}
	for (const tag of tags) {
		more.add({ kind: "tag", id: tag }, directory.tags.byId(tag));
	}
	const { subjects, limits, untilMs, hasModels } = keep(base.version, more);
	return {
		version: base.version,
		untilMs: Math.min(base.untilMs, untilMs),
		hasModels: base.hasModels || hasModels,
		hasBudget: base.hasBudget,
		keyBudget: base.keyBudget,
		subjects: [...base.subjects, ...subjects],
		limits: limits.length === 0 ? base.limits : [...base.limits, ...limits],
	};
}

/** What never was linked, raised or reset. */
const toStanding = (set: LimitSet): Limited => ({
	...set,
	budgetId: null,
	raise: null,
	reset: null,
	createdMs: 0,
});

interface Collecting {
	readonly subjects: Subject[];
	readonly limits: Limit[];
	untilMs: number;
	/** @param of null: it has no limits. @param standing whose budget counts where it is linked with none */
	add(
		subject: Subject,
		of: Limited | null,
		standing?: Limited | null,
	): Collecting;
}

function collect(options: CallLimitsOptions): Collecting {
	const { calendar } = options;
	const all: Collecting = {
		subjects: [],
		limits: [],
		untilMs: Number.POSITIVE_INFINITY,
		add(subject, of, standing = null) {
			all.subjects.push(subject);
			if (of === null) return all;
			const { set, anchorMs, untilMs } = findInForce(of, options, standing);
			all.limits.push(...toLimits(subject, set, { anchorMs, calendar }));
			all.untilMs = Math.min(all.untilMs, untilMs);
			return all;
		},
	};
	return all;
}

/** What holds for somebody now, by their own words and those of the budget that they are linked with. */
export function findInForce(
	of: Limited,
	{
		directory,
		clock,
	}: { directory: Pick<Directory, "budgets">; clock: Pick<Clock, "now"> },
	standing: Limited | null = null,
): InForce {
	const { budgetId } = of;
	const linked =
		budgetId === null ? standing : directory.budgets.byId(budgetId);
	return toInForce(of, linked === of ? null : linked, clock.now());
}

const keep = (
	version: number,
	{ subjects, limits, untilMs }: Collecting,
): Kept => ({
	version,
	subjects,
	limits,
	untilMs,
	hasModels: limits.some(({ model }) => model !== null),
	hasBudget: limits.some(isBudget),
	keyBudget: limits.filter(isKeyBudget),
});

const isBudget = ({ measure, soft }: Limit): boolean =>
	measure === "nanos" && !soft;

const isKeyBudget = (limit: Limit): boolean =>
	isBudget(limit) && limit.subject.kind === "key" && limit.main === true;

const dayMs = 86_400_000;

/** The name under which the limits of an end user are counted who is in no table. */
type EndUserNames = (endUser: string, keyId: string) => string;

/** Who invents a new end user for every call does not get a new budget for every call: the sums do likewise. */
function openEndUserNames(clock: Clock): EndUserNames {
	let day = 0;
	let perKey = new Map<string, Set<string>>();
	return (endUser, keyId) => {
		const today = Math.floor(clock.now() / dayMs);
		if (today !== day) {
			day = today;
			perKey = new Map();
		}
		let names = perKey.get(keyId);
		if (names === undefined) {
			names = new Set();
			perKey.set(keyId, names);
		}
		if (names.has(endUser)) return endUser;
		if (names.size >= maxNewEndUsers) return otherEndUser;
		names.add(endUser);
		return endUser;
	};
}
