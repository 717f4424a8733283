/** From environment, flags and files to a `Config`, or to one sentence for every mistake. */
import { toDatabaseText } from "../store/database-url.ts";
import { choose } from "./choose.ts";
import { findDecisive, toDatabase } from "./choose-database.ts";
import {
	type Config,
	type Origin,
	type Origins,
	type Place,
	toConfig,
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

/** How the user wrote a setting: the flag or variable, or its first variable when it is a default. */
function toNameOf(draft: Draft) {
	return (key: SettingKey): string => {
		const setting: Setting = settings[key];
		return draft.origins[key]?.name ?? setting.variables[0] ?? key;
	};
}

/** The data folder and the database have defaults that depend on the machine. */
function placeData(sources: Sources, draft: Draft): Place | null {
	const given = draft.values.dataDir as string | null;
	const dataDir =
		given === null ? toDefaultDataDir(sources) : toAbsolute(sources, given);
	if (dataDir === null) {
		draft.problems.push(
			"TOLLWAY_DATA_DIR is not set and this user has no home folder; expected a folder to keep data in.",
		);
		return null;
	}
	const values = draft.values as Values;
	const nameOf = toNameOf(draft);
	const database = toDatabase(values, { dataDir, sources, nameOf });
	const show = (key: SettingKey, from: SettingKey, shown: string) => {
		const origin = draft.origins[from];
		if (origin) draft.origins[key] = { ...origin, shown };
	};
	show("dataDir", "dataDir", dataDir);
	const decisive = findDecisive(values) ?? "databaseUrl";
	show("databaseUrl", decisive, toDatabaseText(database));
	return { dataDir, database };
}

function judge(sources: Sources, draft: Draft): void {
	const nameOf = toNameOf(draft);
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
	const place = placeData(sources, draft);
	judge(sources, draft);
	const typos = findTypos({ ...sources.envFile?.values, ...sources.env });
	const problems = [...draft.problems, ...typos.problems].map(toSentence);
	const origins = draft.origins as Origins;
	const values = draft.values as Values;
	return {
		config:
			problems.length > 0 || place === null
				? null
				: toConfig({ ...values, ...place }, origins, sources),
		problems,
		warnings: [...draft.warnings, ...typos.warnings].map(toSentence),
		origins,
	};
}
