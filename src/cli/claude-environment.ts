/** What of an environment is Claude Code's, and what it is given. */
import { listSettings, type Setting } from "./settings.ts";
import type { Environment } from "./sources.ts";
import type { World } from "./world.ts";

/** Where Claude Code's calls go and who pays; to a gateway's own settings the same names say what upstream is. */
const addressing = [
	"ANTHROPIC_BASE_URL",
	"ANTHROPIC_AUTH_TOKEN",
	"ANTHROPIC_API_KEY",
] as const;

/** Each of them lets Claude Code call somebody else than `ANTHROPIC_BASE_URL`. */
const elsewhere = [
	"CLAUDE_CODE_USE_BEDROCK",
	"CLAUDE_CODE_USE_VERTEX",
	"CLAUDE_CODE_USE_FOUNDRY",
] as const;

const without = (env: Environment, names: readonly string[]): Environment =>
	Object.fromEntries(
		Object.entries(env).filter(([name]) => !names.includes(name)),
	);

/** As if Claude Code's variables were none of the gateway's. */
export const toCallersWorld = (world: World): World => ({
	...world,
	env: without(world.env, addressing),
});

/** The operator's own secrets: no program that Claude Code runs needs them. */
const listSecrets = (): string[] =>
	listSettings()
		.map(([, setting]): Setting => setting)
		.filter(({ credential }) => credential !== undefined)
		.flatMap(({ variables }) => variables)
		.filter((name) => /^(TOLLWAY|LITELLM)_/.test(name))
		.flatMap((name) => [name, `${name}_FILE`])
		.filter((name) => !/^TOLLWAY_KEY(_FILE)?$/.test(name));

/** Names a session for the gateway. The first is what it takes before all others. */
const ownSession = /^\s*x-litellm-(?:trace|session)-id\s*:\s*(\S.*?)\s*$/im;

/** As the user's own headers name it; null: they name none. */
export const findSession = (env: Environment): string | null =>
	ownSession.exec(env.ANTHROPIC_CUSTOM_HEADERS ?? "")?.[1] ?? null;

/** Every call reserves all the output that it asks for. Claude Code asks for 128,000 tokens, up to $3, and uses few. */
export const fewerTokens = ["CLAUDE_CODE_MAX_OUTPUT_TOKENS", "32000"] as const;

export interface ClaudeUse {
	/** Of the gateway, without a mount. */
	readonly url: string;
	/** Null: the gateway takes whatever comes. */
	readonly key: string | null;
	readonly sessionId: string;
	/** Whether a budget bounds what the key may spend. */
	readonly isBounded: boolean;
}

/** What Claude Code sends to a gateway that asks for no key; without any it would ask its user to log in. */
const anyToken = "tollway";

export function toClaudeEnvironment(
	env: Environment,
	{ url, key, sessionId, isBounded }: ClaudeUse,
): Environment {
	const [limit, tokens] = fewerTokens;
	const headers = [
		env.ANTHROPIC_CUSTOM_HEADERS,
		...(findSession(env) === null
			? [`x-litellm-session-id: ${sessionId}`]
			: []),
	];
	return {
		...without(env, [...addressing, ...elsewhere, ...listSecrets()]),
		...(isBounded && !env[limit] && { [limit]: tokens }),
		ANTHROPIC_BASE_URL: `${url}/anthropic`,
		ANTHROPIC_AUTH_TOKEN: key ?? anyToken,
		ANTHROPIC_CUSTOM_HEADERS: headers.filter(Boolean).join("\n"),
		TOLLWAY_SESSION: sessionId,
	};
}
