/** What settings must be together. Each rule sees all values and says what is wrong, if anything. */
import {
	databaseKeys,
	judgeDatabase,
	judgeServing,
} from "./choose-database.ts";
import { judgePem } from "./judge-pem.ts";
import { isLoopback } from "./screens.ts";
import type { SettingKey, Values } from "./settings.ts";
import type { Sources } from "./sources.ts";

export interface Judged {
	readonly values: Values;
	readonly sources: Sources;
	/** How the user wrote the setting: `--host`, `HOST`, or the first variable when it is a default. */
	nameOf(key: SettingKey): string;
	problem(line: string): void;
	warn(line: string): void;
}

function judgeMasterKey({ values, nameOf, warn }: Judged): void {
	const { masterKey } = values;
	if (masterKey === null) return;
	const name = nameOf("masterKey");
	if (masterKey.length < 20) {
		warn(
			`${name} has only ${masterKey.length} characters and can be guessed; use 20 or more, for example from: openssl rand -hex 24`,
		);
	}
	if (!masterKey.startsWith("sk-")) {
		warn(
			`${name} does not start with sk-; some clients and tools accept only such keys.`,
		);
	}
}

function judgeReach({ values, nameOf, problem, warn }: Judged): void {
	const { host, masterKey, insecureNoAuth } = values;
	if (masterKey !== null) {
		if (insecureNoAuth) {
			warn("--insecure-no-auth has no effect: a master key is set.");
		}
		return;
	}
	if (isLoopback(host)) return;
	if (insecureNoAuth) {
		warn(
			`Anyone who can reach ${host} may call, and spends what the upstream key allows (--insecure-no-auth).`,
		);
		return;
	}
	problem(
		`${nameOf("host")} is "${host}", which others can reach, and there is no master key: set TOLLWAY_MASTER_KEY to a secret that starts with sk- (the rest from: openssl rand -hex 24), or leave ${nameOf("host")} unset to serve this machine only, or pass --insecure-no-auth if something else decides who may call.`,
	);
}

function judgeCertificate({ values, sources, problem }: Judged): void {
	const pair = [
		["SSL_CERTFILE_PATH", values.tlsCertPath, "certificate"],
		["SSL_KEYFILE_PATH", values.tlsKeyPath, "private key"],
	] as const;
	const missing = pair.filter(([, path]) => path === null);
	if (missing.length === 2) return;
	for (const [name] of missing) {
		problem(
			`${name} is not set; expected a path, since https needs certificate and key.`,
		);
	}
	for (const [name, path, what] of pair) {
		if (path === null) continue;
		const wrong = judgePem(sources, { name, path, what });
		if (wrong !== null) problem(wrong);
	}
}

function judgeSizes({ values, nameOf, problem }: Judged): void {
	if (values.inFlightBytes >= values.messagesBytes) return;
	problem(
		`${nameOf("inFlightBytes")} is smaller than ${nameOf("messagesBytes")}; expected at least as much, or the largest messages could never be sent.`,
	);
}

function judgeCredentials({ values, nameOf, warn }: Judged): void {
	if (values.upstreamKey === null || values.upstreamAuthToken === null) return;
	warn(
		`${nameOf("upstreamAuthToken")} is not used: ${nameOf("upstreamKey")} is set as well.`,
	);
}

/** Names that the runtime reads from the process environment, where an env file's lines do not arrive. */
const runtimeVariables =
	/^(https?_proxy|all_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|bun_\w+)$/i;

function judgeEnvFile({ sources, warn }: Judged): void {
	const { envFile } = sources;
	for (const name of Object.keys(envFile?.values ?? {})) {
		if (!runtimeVariables.test(name) || sources.env[name]) continue;
		warn(
			`${name} in ${envFile?.path} has no effect: the runtime reads it from the environment of the process.`,
		);
	}
}

export interface Rule {
	/** Settings without which nothing can be said: the rule is skipped when one of them could not be read. */
	readonly needs: readonly SettingKey[];
	readonly judge: (judged: Judged) => void;
}

export const rules: readonly Rule[] = [
	{ needs: ["masterKey"], judge: judgeMasterKey },
	{ needs: ["host", "masterKey"], judge: judgeReach },
	{ needs: ["tlsCertPath", "tlsKeyPath"], judge: judgeCertificate },
	{ needs: ["inFlightBytes", "messagesBytes"], judge: judgeSizes },
	{ needs: ["upstreamKey", "upstreamAuthToken"], judge: judgeCredentials },
	{ needs: databaseKeys, judge: judgeDatabase },
	{ needs: [...databaseKeys, "ledgerDown"], judge: judgeServing },
	{ needs: [], judge: judgeEnvFile },
];
