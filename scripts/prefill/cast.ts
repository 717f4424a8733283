import type { Dice } from "./dice.ts";

/** How a kind of program calls: what it says of itself, and how much goes to and fro. Pairs are the least and the most. */
export interface Habit {
	readonly name: "coding" | "product" | "script";
	/** Of a hundred keys. */
	readonly share: number;
	readonly userAgents: readonly string[];
	/** Of a hundred calls. */
	readonly streamed: number;
	/** A session lasts so many calls on average; 0: none is named. */
	readonly callsPerSession: number;
	readonly tagsPerCall: number;
	/** Customers of its own that it names; 0: none. */
	readonly endUsers: number;
	readonly input: readonly [number, number];
	readonly cacheWrite: readonly [number, number];
	readonly cacheRead: readonly [number, number];
	readonly output: readonly [number, number];
}

const habits: readonly Habit[] = [
	{
		name: "coding",
		share: 50,
		userAgents: [
			"claude-cli/2.1.330 (external, cli)",
			"claude-cli/2.1.318 (external, sdk-cli)",
		],
		streamed: 97,
		callsPerSession: 30,
		tagsPerCall: 1,
		endUsers: 0,
		input: [3, 2_000],
		cacheWrite: [200, 12_000],
		cacheRead: [10_000, 180_000],
		output: [40, 4_000],
	},
	{
		name: "product",
		share: 30,
		userAgents: ["Anthropic/JS 1.12.0", "Anthropic/Python 1.8.0"],
		streamed: 60,
		callsPerSession: 8,
		tagsPerCall: 2,
		endUsers: 100,
		input: [300, 9_000],
		cacheWrite: [1, 3_000],
		cacheRead: [1_000, 12_000],
		output: [80, 1_500],
	},
	{
		name: "script",
		share: 20,
		userAgents: ["python-httpx/0.28.1", "curl/8.14.1"],
		streamed: 0,
		callsPerSession: 0,
		tagsPerCall: 2,
		endUsers: 0,
		input: [200, 30_000],
		cacheWrite: [1, 1],
		cacheRead: [1, 1],
		output: [5, 900],
	},
];

/** Somebody who calls: a key, whose it is, and what its calls say. */
export interface Caller {
	readonly habit: Habit;
	readonly keyId: string;
	readonly userId: string;
	readonly teamId: string;
	readonly tags: readonly string[];
	readonly endUsers: readonly string[];
	/** The usual one first. */
	readonly models: readonly string[];
	readonly address: string;
	readonly userAgent: string;
	/** Of an installation of Claude Code; null for other programs. */
	readonly deviceId: string | null;
	session: string | null;
}

export interface CastSize {
	readonly keys: number;
	readonly teams: number;
	readonly tags: number;
}

const names = "ada ben chi dev eva fay gus hal ivy jon kim lea".split(" ");
const topics = "atlas billing chat docs evals search support".split(" ");

export function toCast(
	dice: Dice,
	models: readonly string[],
	{ keys, teams, tags }: CastSize,
): Caller[] {
	const teamIds = Array.from({ length: teams }, () => dice.uuid());
	const tagsPerKey = Math.max(1, Math.floor(tags / keys));
	return Array.from({ length: keys }, (_, at) => {
		const habit = toHabit((at * 100) / keys);
		const list = <T>(length: number, to: (index: number) => T) =>
			Array.from({ length }, (_, index) => to(at * length + index));
		return {
			habit,
			keyId: dice.uuid(),
			userId: `${dice.pick(names)}.${at}@example.com`,
			teamId: dice.pick(teamIds),
			tags: list(tagsPerKey, (index) => `${dice.pick(topics)}-${index}`),
			endUsers: list(habit.endUsers, (index) => `customer-${10_000 + index}`),
			models: [dice.pick(models), dice.pick(models), dice.pick(models)],
			address: `10.0.${dice.below(16)}.${1 + dice.below(250)}`,
			userAgent: dice.pick(habit.userAgents),
			deviceId: habit.name === "coding" ? dice.hex(64) : null,
			session: null,
		};
	});
}

/** @param percent how far down the list of keys */
function toHabit(percent: number): Habit {
	let share = 0;
	for (const habit of habits) {
		share += habit.share;
		if (percent < share) return habit;
	}
	throw new RangeError(`the shares of the habits do not reach ${percent} %`);
}
