/** From environment, flags and files to a `Config`, or to one sentence for every mistake. */
import { choose } from "./choose.ts";
import {
	type Config,
	type Origin,
	type Origins,
	toConfig,
	toDatabasePath,
} from "./config.ts";
import { rules } from "./rules.ts";
import { escapeControls, maskSecret, redactKeys } from "./safe-text.ts";
import {
	listSettings,
	type Setting,
	type SettingKey,
	settings,
	type Values,
} from "./settings.ts";
import {
	type Candidate,
	findCandidates,
	type Sources,
	toAbsolute,
	toDefaultDataDir,
} from "./sources.ts";
import { findTypos } from "./typos.ts";

export interface Loaded {
	/** null when there are problems. */
	readonly config: Config | null;
	/** Mistakes that forbid the start, one sentence each. */
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
	readonly origins: Origins;
}

interface Draft {
	readonly values: Record<string, unknown>;
	readonly origins: Record<string, Origin>;
	/** Settings that could not be read. */
	readonly broken: Set<SettingKey>;
	readonly problems: string[];
	readonly warnings: string[];
}

function toOrigin(candidate: Candidate, setting: Setting): Origin {
	const { kind, name, text } = candidate;
	return { kind, name, shown: setting.credential ? maskSecret(text) : text };
}

function readDefault({ type, fallback }: Setting): unknown {
	return fallback === undefined ? null : type.parse(fallback);
}

function readSetting(
	[key, setting]: readonly [SettingKey, Setting],
	sources: Sources,
	draft: Draft,
): void {
	const found = findCandidates(sources, { ...setting, key });
	const { chosen, problem, warnings } = choose(
		key,
		found.candidates,
		draft.values,
	);
	const problems =
		problem === null ? found.problems : [...found.problems, problem];
	draft.problems.push(...problems);
	draft.warnings.push(...warnings);
	if (problems.length > 0) draft.broken.add(key);
	draft.values[key] = chosen ? chosen.value : readDefault(setting);
	draft.origins[key] = chosen
		? toOrigin(chosen.candidate, setting)
		: { kind: "default", name: null, shown: setting.fallback || null };
}

/** The data folder and the database have defaults that depend on the machine. */
function placeData(sources: Sources, draft: Draft): void {
	const given = draft.values.dataDir as string | null;
	const dataDir =
		given === null ? toDefaultDataDir(sources) : toAbsolute(sources, given);
	if (dataDir === null) {
		draft.problems.push(
			"TOLLWAY_DATA_DIR is not set and this user has no home folder; expected a folder to keep data in.",
		);
		return;
	}
	const database = toDatabasePath(
		draft.values.databaseUrl as string | null,
		dataDir,
		sources,
	);
	draft.values.dataDir = dataDir;
	for (const [key, shown] of [
		["dataDir", dataDir],
		["databaseUrl", database],
	] as const) {
		const origin = draft.origins[key];
		if (origin) draft.origins[key] = { ...origin, shown };
	}
}

function judge(sources: Sources, draft: Draft): void {
	const nameOf = (key: SettingKey) => {
		const setting: Setting = settings[key];
		return draft.origins[key]?.name ?? setting.variables[0] ?? key;
	};
	for (const rule of rules) {
		if (rule.needs.some((key) => draft.broken.has(key))) continue;
		rule.judge({
			values: draft.values as Values,
			sources,
			nameOf,
			problem: (line) => draft.problems.push(line),
			warn: (line) => draft.warnings.push(line),
		});
	}
}

/** Names and paths in it come from outside. */
const toSentence = (line: string) => redactKeys(escapeControls(line));

/** Reads nothing but `sources`, and never throws: all mistakes come back at once. */
export function loadConfig(sources: Sources): Loaded {
	const draft: Draft = {
		values: {},
		origins: {},
		broken: new Set(),
		problems: [],
		warnings: [],
	};
	for (const row of listSettings()) readSetting(row, sources, draft);
	placeData(sources, draft);
	judge(sources, draft);
	const typos = findTypos({ ...sources.envFile?.values, ...sources.env });
	const problems = [...draft.problems, ...typos.problems].map(toSentence);
	const origins = draft.origins as Origins;
	const values = draft.values as Values & { dataDir: string };
	return {
		config: problems.length > 0 ? null : toConfig(values, origins, sources),
		problems,
		warnings: [...draft.warnings, ...typos.warnings].map(toSentence),
		origins,
	};
}
