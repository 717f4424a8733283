/** Where a setting's text can come from, in order of precedence. */
import { posix, win32 } from "node:path";
import type { Setting, SettingKey } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Sources {
	readonly env: Environment;
	/** What `--env-file` named; the process environment wins over it. */
	readonly envFile?: { readonly path: string; readonly values: Environment };
	readonly flags?: Readonly<Partial<Record<SettingKey, string>>>;
	readonly platform: NodeJS.Platform;
	/** The user's home; "" when there is none. */
	readonly home: string;
	readonly cwd: string;
	/** The file's text; throws what `node:fs` throws. */
	readFile(path: string): string;
}

export type OriginKind =
	| "flag"
	| "environment"
	| "env-file"
	| "secret-file"
	| "credential"
	| "default";

/** A text found for a setting. `name` is what the user wrote it under: a flag, a variable, a file. */
export interface Candidate {
	readonly kind: OriginKind;
	readonly name: string;
	readonly text: string;
}

export interface Found {
	readonly candidates: readonly Candidate[];
	readonly problems: readonly string[];
}

/** An empty variable is unset: `export DATABASE_URL=""` means the default. */
export function readVariable(
	sources: Sources,
	name: string,
): Candidate | undefined {
	const own = sources.env[name]?.trim();
	if (own) return { kind: "environment", name, text: own };
	const filed = sources.envFile?.values[name]?.trim();
	return filed ? { kind: "env-file", name, text: filed } : undefined;
}

const secretMaxCharacters = 16_384;

type Secret =
	| { readonly text: string }
	| { readonly missing: true }
	| { readonly problem: string };

function readSecret(sources: Sources, path: string): Secret {
	try {
		const text = sources.readFile(path).trim();
		if (text === "") return { problem: "which is empty" };
		return text.length > secretMaxCharacters
			? { problem: "which is too long for a secret" }
			: { text };
	} catch (error) {
		const code = (error as { code?: unknown }).code;
		if (code === "ENOENT") return { missing: true };
		return {
			problem: `which cannot be read (${typeof code === "string" ? code : "error"})`,
		};
	}
}

function findInSecretFile(sources: Sources, variable: string): Found {
	const pointer = readVariable(sources, `${variable}_FILE`);
	if (!pointer) return { candidates: [], problems: [] };
	const secret = readSecret(sources, pointer.text);
	if ("text" in secret) {
		const { name } = pointer;
		const found: Candidate = { kind: "secret-file", name, text: secret.text };
		return { candidates: [found], problems: [] };
	}
	const why = "missing" in secret ? "which does not exist" : secret.problem;
	return {
		candidates: [],
		problems: [`${pointer.name} names ${pointer.text}, ${why}.`],
	};
}

/** systemd's `LoadCredential=<name>:…`; a unit need not pass every one. */
function findCredential(sources: Sources, name: string): Found {
	const folder = sources.env.CREDENTIALS_DIRECTORY;
	if (!folder) return { candidates: [], problems: [] };
	const secret = readSecret(sources, posix.join(folder, name));
	if ("missing" in secret) return { candidates: [], problems: [] };
	if ("problem" in secret) {
		const problem = `The systemd credential ${name} is a file ${secret.problem}.`;
		return { candidates: [], problems: [problem] };
	}
	return {
		candidates: [{ kind: "credential", name, text: secret.text }],
		problems: [],
	};
}

/** Every text given for the setting, the strongest first. */
export function findCandidates(
	sources: Sources,
	setting: Setting & { readonly key: SettingKey },
): Found {
	const candidates: Candidate[] = [];
	const problems: string[] = [];
	const take = (found: Found) => {
		candidates.push(...found.candidates);
		problems.push(...found.problems);
	};
	const given = sources.flags?.[setting.key]?.trim();
	if (given && setting.flag) {
		candidates.push({ kind: "flag", name: setting.flag, text: given });
	}
	for (const variable of setting.variables) {
		const own = readVariable(sources, variable);
		if (own) candidates.push(own);
		if (setting.credential) take(findInSecretFile(sources, variable));
	}
	if (setting.credential) take(findCredential(sources, setting.credential));
	return { candidates, problems };
}

export function pathsOf(platform: NodeJS.Platform) {
	return platform === "win32" ? win32 : posix;
}

/** Absolute; a leading `~/` is the home even where no shell expanded it. */
export function toAbsolute(sources: Sources, path: string): string {
	const paths = pathsOf(sources.platform);
	const expanded = /^~(?=[/\\]|$)/.test(path)
		? sources.home + path.slice(1)
		: path;
	return paths.resolve(sources.cwd, expanded);
}

/** The platform's own place for a program's data, or null where there is no home. */
export function toDefaultDataDir(sources: Sources): string | null {
	const { env, home, platform } = sources;
	const paths = pathsOf(platform);
	if (platform === "win32") {
		const local =
			env.LOCALAPPDATA || (home && paths.join(home, "AppData", "Local"));
		return local ? paths.join(local, "tollway") : null;
	}
	// systemd's StateDirectory=; several are separated by colons.
	const state = env.STATE_DIRECTORY?.split(":")[0];
	if (state) return state;
	const noHome = home === "" || home === "/";
	if (platform === "darwin") {
		return noHome
			? null
			: paths.join(home, "Library", "Application Support", "tollway");
	}
	// A relative XDG path is to be ignored (XDG base directory specification).
	if (env.XDG_DATA_HOME?.startsWith("/")) {
		return paths.join(env.XDG_DATA_HOME, "tollway");
	}
	return noHome ? null : paths.join(home, ".local", "share", "tollway");
}
