/** `tollway config`: every setting, the value in force and where it came from; and the settings' manual. */
import type { Origin } from "./config.ts";
import { litellmAliases, litellmVariables } from "./litellm-variables.ts";
import type { Loaded } from "./load-config.ts";
import { type LoadOptions, loadFrom } from "./load-options.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import { groups, listSettings, type Setting } from "./settings.ts";
import type { Environment } from "./sources.ts";
import { type Paint, toColumns, toPlainPaint, wrap } from "./terminal.ts";
import { exitCodes, type World } from "./world.ts";

const originTexts: Readonly<Record<Origin["kind"], string>> = {
	flag: "flag",
	environment: "",
	"env-file": "env file",
	"secret-file": "file",
	credential: "systemd credential",
	default: "default",
};

function toOriginText({ kind, name }: Origin): string {
	const text = originTexts[kind];
	if (name === null) return text;
	return text === "" ? name : `${name} (${text})`;
}

function listNames({ variables, flag }: Setting): string[] {
	return [...variables, ...(flag ? [flag] : [])];
}

/** What may be shown: values come from outside, and a key may stand in the wrong variable. */
function toShown(origin: Origin): string {
	if (origin.shown === null) return "-";
	const shown = redactKeys(escapeControls(origin.shown));
	return shown.replace(/\/\/[^/?#]*@/, "//…@");
}

interface LitellmRow {
	readonly variable: string;
	readonly verdict: string;
	readonly about: string;
}

/** LiteLLM's variables that are set, and what becomes of each. */
function listLitellm(env: Environment, { origins }: Loaded): LitellmRow[] {
	const used = new Set(Object.values(origins).map(({ name }) => name));
	const rows: LitellmRow[] = [];
	for (const [variable, value] of Object.entries(env)) {
		if (!value?.trim()) continue;
		const known = litellmVariables[variable];
		if (litellmAliases.has(variable)) {
			rows.push(
				used.has(variable)
					? { variable, verdict: "used", about: "see above" }
					: {
							variable,
							verdict: "not used",
							about: "another name or a warning says why",
						},
			);
		} else if (known && Object.hasOwn(litellmVariables, variable)) {
			rows.push({ variable, ...known });
		} else if (variable.startsWith("LITELLM_") && !used.has(variable)) {
			rows.push({ variable, verdict: "not offered", about: "unknown here" });
		}
	}
	return rows.sort((a, b) => (a.variable < b.variable ? -1 : 1));
}

/** A line per setting, and one below it for its further names. */
function toSettingLines(
	loaded: Loaded,
	paint: Paint,
): Record<string, string[]> {
	const all = listSettings();
	const columns = toColumns(
		all.map(([key, setting]) => {
			const origin = loaded.origins[key];
			const [name = ""] = listNames(setting);
			return [name, toShown(origin), toOriginText(origin)];
		}),
	);
	const lines: Record<string, string[]> = {};
	for (const [at, [key, setting]] of all.entries()) {
		const isDefault = loaded.origins[key].kind === "default";
		const others = listNames(setting).slice(1);
		const line = paint(isDefault ? "dim" : "green", columns[at] ?? "");
		const also = paint("dim", `or ${others.join(", ")}`);
		lines[setting.group] = [
			...(lines[setting.group] ?? []),
			`  ${line}`,
			...(others.length > 0 ? [`    ${also}`] : []),
		];
	}
	return lines;
}

function toPretty(
	loaded: Loaded,
	litellm: readonly LitellmRow[],
	{ paint, width }: { paint: Paint; width: number },
): string {
	const settingLines = toSettingLines(loaded, paint);
	const sections = Object.entries(groups).map(([group, title]) =>
		[paint("bold", title), ...(settingLines[group] ?? [])].join("\n"),
	);
	if (litellm.length > 0) {
		const rows = litellm.map((row) => [row.variable, row.verdict, row.about]);
		const lines = toColumns(rows).map((line) => `  ${line}`);
		const title = "LiteLLM's variables in this environment";
		sections.push([paint("bold", title), ...lines].join("\n"));
	}
	const notes = [
		...loaded.problems.map(
			(line) => `${paint("red", "✗")} ${wrap(line, width, 2)}`,
		),
		...loaded.warnings.map(
			(line) => `${paint("yellow", "!")} ${wrap(line, width, 2)}`,
		),
	];
	if (notes.length > 0) sections.push(notes.join("\n"));
	return sections.join("\n\n");
}

function toJson(loaded: Loaded, litellm: readonly LitellmRow[]): string {
	const rows = listSettings().map(([setting, row]) => {
		const { kind, name, shown } = loaded.origins[setting];
		const value = shown === null ? null : toShown({ kind, name, shown });
		const { variables, about } = row;
		return {
			setting,
			variables,
			flag: row.flag ?? null,
			value,
			from: kind,
			name,
			about,
		};
	});
	const { problems, warnings } = loaded;
	return JSON.stringify(
		{ settings: rows, litellm, problems, warnings },
		null,
		2,
	);
}

/** 78 when the configuration has mistakes, so that it serves as a check. */
export function printConfig(
	world: World,
	options: LoadOptions & { readonly json: boolean },
): number {
	const loaded = loadFrom(world, options);
	const litellm = listLitellm(world.env, loaded);
	const text = options.json
		? toJson(loaded, litellm)
		: toPretty(loaded, litellm, {
				paint: toPlainPaint(world, world.stdout),
				width: world.stdout.columns ?? 100,
			});
	world.stdout.write(`${text}\n`);
	return loaded.problems.length === 0 ? exitCodes.ok : exitCodes.config;
}

/** Every setting with its variables, default and meaning, for `--help`. */
export function toManual(columns: number): string {
	const width = Math.min(columns, 100);
	const lines = [
		"Settings (environment variables; the first name wins, an empty one is unset):",
	];
	for (const [group, title] of Object.entries(groups)) {
		lines.push("", title);
		for (const [, setting] of listSettings()) {
			if (setting.group !== group) continue;
			const fallback = setting.fallback ? ` [${setting.fallback}]` : "";
			const file = setting.credential ? " (or <NAME>_FILE)" : "";
			lines.push(
				`  ${listNames(setting).join(", ")}${fallback}${file}`,
				`      ${wrap(setting.about, width, 6)}.`,
			);
		}
	}
	return lines.join("\n");
}
