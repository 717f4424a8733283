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
	/** As the ledger has it; null: nobody proved anything. */
	readonly keyId: string | null;
	/** Since 1970. */
	readonly startedMs: number;
}

export interface CallLimits {
	/** All that the call belongs to. */
	readonly subjects: readonly Subject[];
	/** Of these; those that are about this call. */
	readonly limits: readonly Limit[];
	/** Of these the key's own `max_budget`; none where it has none. */
	readonly keyBudget: readonly Limit[];
	/** The name under which its end user is counted, here and in the sums; null: it names none. */
	readonly endUser: string | null;
}

export interface CallLimitsOptions {
	readonly directory: Directory;
	readonly clock: Clock;
	readonly calendar: Calendar;
	/** Of everybody together. */
	readonly global: LimitSet;
	/** The id of the budget of every end user who has no other; null: they have none. */
	readonly endUserBudgetId: string | null;
	/** Names of their own are for those only whom operators know, and for so many new ones a day: others share one. */
	readonly nameEndUser: (
		endUser: string,
		of: Pick<Belonging, "keyId" | "startedMs">,
	) => string;
	readonly models: ModelNames;
}

/** Which models a limit is about. */
export interface ModelNames {
	/** As the sums name it. */
	toSumModel(model: string): string;
	/** Of a model as the sums name it. */
	isFor(pattern: string, model: string): boolean;
	/** Another text when they may say something else. */
	version(): string;
}

export const everybody: Subject = { kind: "global", id: "" };

/** Made once for each state of the directory, and kept for the time that it holds. */
interface Kept {
	readonly subjects: readonly Subject[];
	readonly limits: readonly Limit[];
	readonly version: number;
	readonly untilMs: number;
	readonly hasBudget: boolean;
	readonly keyBudget: readonly Limit[];
	/** With what calls say more of themselves, by just that: lists that stay the same are found again. */
	readonly extended: Map<string, Kept>;
	/** By the models that calls name. */
	readonly selected: Map<string, CallLimits>;
	readonly hasModels: boolean;
	modelsVersion: string;
}

/** Of what one key's calls say of themselves, so much is remembered. */
const maxRemembered = 100;

interface State {
	readonly options: CallLimitsOptions;
	readonly byKey: WeakMap<VirtualKey, Kept>;
	readonly global: Kept;
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
	};
	return {
		find: (belonging) => {
			const { key, endUser, tags } = belonging;
			const base = key === null ? s.global : baseOf(s, key);
			if (endUser === null && tags.length === 0) {
				return select(s, base, belonging, null);
			}
			const name =
				endUser === null ? null : options.nameEndUser(endUser, belonging);
			return select(s, extendedOf(s, base, belonging, name), belonging, name);
		},
		hasBudget: (key) => baseOf(s, key).hasBudget,
	};
}

/** Those that are about this call. */
function select(
	s: State,
	found: Kept,
	{ models }: Belonging,
	endUser: string | null,
): CallLimits {
	const names = s.options.models;
	const version = found.hasModels ? names.version() : "";
	const { selected } = found;
	const by = found.hasModels ? models.join("\n") : "";
	if (found.modelsVersion !== version || selected.size >= maxRemembered) {
		selected.clear();
		found.modelsVersion = version;
	}
	const known = selected.get(by);
	if (known !== undefined) return known;
	const limits = found.hasModels
		? found.limits.filter((limit) => isAbout(limit, models, names))
		: found.limits;
	const { subjects, keyBudget } = found;
	const fresh = { subjects, limits, keyBudget, endUser };
	selected.set(by, fresh);
	return fresh;
}

/** By whatever name a call asks for the model, and by whatever name the limit has it. */
function isAbout(
	{ model, measure }: Limit,
	models: readonly string[],
	names: ModelNames,
): boolean {
	if (model === null) return true;
	return models.some((one) => {
		if (allowsModel([model], one)) return true;
		const summed = names.toSumModel(one);
		// Money of a model without a price counts for all that may be meant, so they are asked for room.
		if (summed === otherModel && measure !== "nanos") return false;
		return names.isFor(model, summed);
	});
}

/** As the sums call models without a price. */
const otherModel = "other";

function baseOf(s: State, key: VirtualKey): Kept {
	const { directory } = s.options;
	const known = s.byKey.get(key);
	if (known !== undefined && isFresh(s, known)) return known;
	const fresh = keep(directory.version(), collectBase(s.options, key));
	s.byKey.set(key, fresh);
	return fresh;
}

const isFresh = ({ options }: State, { version, untilMs }: Kept): boolean =>
	version === options.directory.version() && options.clock.now() < untilMs;

function extendedOf(
	s: State,
	base: Kept,
	belonging: Belonging,
	endUser: string | null,
): Kept {
	// No label has a line break.
	const by = `${endUser ?? ""}\n${belonging.tags.join("\n")}`;
	const known = base.extended.get(by);
	if (known !== undefined && s.options.clock.now() < known.untilMs) {
		return known;
	}
	if (base.extended.size >= maxRemembered) base.extended.clear();
	const fresh = extend(s, base, belonging, endUser);
	base.extended.set(by, fresh);
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

/** For a call that says more of itself than its key does. To whoever has no key it counts, and binds nobody. */
function extend(
	{ options }: State,
	base: Kept,
	{ key, endUser, tags }: Belonging,
	name: string | null,
): Kept {
	const { directory, endUserBudgetId } = options;
	const more = collect(options);
	if (endUser !== null && name !== null) {
		const customer = directory.customers.byId(endUser);
		const standing =
			endUserBudgetId === null ? null : directory.budgets.byId(endUserBudgetId);
		const of = key === null ? null : (customer ?? standing);
		more.add({ kind: "customer", id: name }, of, standing);
	}
	for (const id of tags) {
		more.add({ kind: "tag", id }, key && directory.tags.byId(id));
	}
	const { subjects, limits } = more;
	return keep(base.version, {
		subjects: [...base.subjects, ...subjects],
		limits: [...base.limits, ...limits],
		untilMs: Math.min(base.untilMs, more.untilMs),
	});
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
			const { set, anchors, untilMs } = findInForce(of, options, standing);
			all.limits.push(...toLimits(subject, set, { anchors, calendar }));
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
	{
		subjects,
		limits,
		untilMs,
	}: Pick<Collecting, "subjects" | "limits" | "untilMs">,
): Kept => ({
	version,
	subjects,
	limits,
	untilMs,
	hasModels: limits.some(({ model }) => model !== null),
	hasBudget: limits.some(isBudget),
	keyBudget: limits.filter(isKeyBudget),
	extended: new Map(),
	selected: new Map(),
	modelsVersion: "",
});

const isBudget = ({ measure, soft }: Limit): boolean =>
	measure === "nanos" && !soft;

const isKeyBudget = (limit: Limit): boolean =>
	isBudget(limit) && limit.subject.kind === "key" && limit.main === true;
