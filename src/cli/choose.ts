/** Which of the texts given for a setting counts. */
import { quote } from "./safe-text.ts";
import { screens, type Verdict } from "./screens.ts";
import {
	type Setting,
	type SettingKey,
	settings,
	type Values,
} from "./settings.ts";
import type { Candidate } from "./sources.ts";

export interface Choice {
	/** null: nothing was given, or nothing that is meant for us. */
	readonly chosen: {
		readonly candidate: Candidate;
		readonly value: unknown;
	} | null;
	readonly problem: string | null;
	readonly warnings: readonly string[];
}

interface Read {
	readonly candidate: Candidate;
	readonly value: unknown;
	readonly problem: string | null;
	readonly ignored: string | null;
}

function toProblem(
	{ name, text }: Candidate,
	why: string,
	setting: Setting,
): string {
	return setting.credential
		? `${name} cannot be used: ${why}.`
		: `${name} is ${quote(text)}; ${why}.`;
}

function readCandidate(
	key: SettingKey,
	candidate: Candidate,
	soFar: Partial<Values>,
): Read {
	const setting: Setting = settings[key];
	const parsed = setting.type.safeParse(candidate.text);
	const value = parsed.success ? parsed.data : undefined;
	const verdict: Verdict = screens[key]?.(candidate, value, soFar) ?? {
		take: true,
	};
	const read = { candidate, value, problem: null, ignored: null };
	if ("ignored" in verdict) return { ...read, ignored: verdict.ignored };
	if ("problem" in verdict) return { ...read, problem: verdict.problem };
	if (parsed.success) return read;
	const why = parsed.error.issues[0]?.message ?? "it cannot be read";
	return { ...read, problem: toProblem(candidate, why, setting) };
}

const same = (a: unknown, b: unknown) =>
	JSON.stringify(a) === JSON.stringify(b);

/** The first usable one wins; a weaker one under another name that says something else is pointed out. */
export function choose(
	key: SettingKey,
	candidates: readonly Candidate[],
	soFar: Partial<Values>,
): Choice {
	const reads = candidates.map((one) => readCandidate(key, one, soFar));
	const index = reads.findIndex(({ ignored }) => ignored === null);
	const first = index === -1 ? undefined : reads[index];
	const stronger = index === -1 ? reads : reads.slice(0, index);
	const warnings = stronger.flatMap(({ ignored }) => ignored ?? []);
	if (!first) return { chosen: null, problem: null, warnings };
	const { candidate, value, problem } = first;
	if (problem !== null) return { chosen: null, problem, warnings };
	const other = reads
		.slice(index + 1)
		.find((weaker) => weaker.ignored === null && !same(weaker.value, value));
	if (other && candidate.kind !== "flag") {
		warnings.push(
			`${candidate.name} and ${other.candidate.name} are both set and differ; ${candidate.name} is used.`,
		);
	}
	return { chosen: { candidate, value }, problem: null, warnings };
}
