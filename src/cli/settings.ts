/**
 * Every setting, once. Parsing, `tollway config`, the manual in `--help` and the hints about typing errors all come from
 * this table.
 */
import type { z } from "zod";
import { databaseSettings } from "./database-settings.ts";
import * as kinds from "./kinds.ts";
import { ledgerSettings } from "./ledger-settings.ts";
import { limitSettings } from "./limit-settings.ts";
import { priceSettings } from "./price-settings.ts";

export const groups = {
	listen: "Where it listens",
	callers: "Who may call",
	upstream: "Upstream",
	storage: "Storage",
	money: "Prices and the ledger",
	limits: "Limits of everybody together, and when budgets begin anew",
	behaviour: "Behaviour",
	timeouts: "Time-outs (30, 30s, 10m, 1h)",
	sizes: "Size limits (bytes, 512KB, 32MB, 1GB)",
	logs: "Logs",
	commands: "For commands that ask the gateway",
} as const;

export interface Setting {
	readonly group: keyof typeof groups;
	/** In order of precedence: ours first, then the names other tools taught people. */
	readonly variables: readonly string[];
	readonly flag?: string;
	readonly type: z.ZodType<unknown, string>;
	/** As one would write it in the variable; without it an unset setting is null. */
	readonly fallback?: string;
	/** Shown masked; also read from `<VARIABLE>_FILE` and from this name under `$CREDENTIALS_DIRECTORY`. */
	readonly credential?: string;
	readonly about: string;
}

export const settings = {
	host: {
		group: "listen",
		variables: ["TOLLWAY_HOST", "HOST"],
		flag: "--host",
		type: kinds.host,
		fallback: "127.0.0.1",
		about:
			"Address to listen on; beyond this machine only with a master key. HOST counts only when it is an address or localhost",
	},
	port: {
		group: "listen",
		variables: ["PORT"],
		flag: "--port",
		type: kinds.port,
		fallback: "4000",
		about: "Port to listen on; 0 takes any free one",
	},
	tlsCertPath: {
		group: "listen",
		variables: ["SSL_CERTFILE_PATH"],
		type: kinds.path,
		about: "Certificate (PEM) to serve https with; together with the key",
	},
	tlsKeyPath: {
		group: "listen",
		variables: ["SSL_KEYFILE_PATH"],
		type: kinds.path,
		about: "Private key (PEM) of that certificate",
	},
	publicUrl: {
		group: "listen",
		variables: ["TOLLWAY_PUBLIC_URL", "PROXY_BASE_URL"],
		type: kinds.baseUrl,
		about: "URL under which clients reach the gateway, if a proxy is in front",
	},
	rootPath: {
		group: "listen",
		variables: ["SERVER_ROOT_PATH"],
		type: kinds.rootPath,
		fallback: "/",
		about: "Path prefix of every route",
	},
	docs: {
		group: "listen",
		variables: ["TOLLWAY_DOCS"],
		type: kinds.flag,
		fallback: "true",
		about: "Serve the description of the API: /docs and /openapi.json",
	},
	noDocs: {
		group: "listen",
		variables: ["NO_DOCS"],
		type: kinds.flag,
		fallback: "false",
		about: "Hide it, in LiteLLM's words",
	},
	masterKey: {
		group: "callers",
		variables: ["TOLLWAY_MASTER_KEY", "LITELLM_MASTER_KEY"],
		type: kinds.masterKey,
		credential: "master-key",
		about:
			"The operator's secret; without it anyone on this machine may call, and nobody else",
	},
	insecureNoAuth: {
		group: "callers",
		variables: [],
		flag: "--insecure-no-auth",
		type: kinds.flag,
		fallback: "false",
		about: "Listen beyond this machine without a master key",
	},
	allowedHosts: {
		group: "callers",
		variables: ["TOLLWAY_ALLOWED_HOSTS"],
		type: kinds.hosts,
		fallback: "",
		about: "Further host names by which clients may address the gateway",
	},
	corsOrigins: {
		group: "callers",
		variables: ["TOLLWAY_CORS_ORIGINS"],
		type: kinds.origins,
		fallback: "",
		about: "Origins of web pages that may call from a browser",
	},
	trustedProxies: {
		group: "callers",
		variables: ["TOLLWAY_TRUSTED_PROXIES"],
		type: kinds.networks,
		fallback: "",
		about: "Addresses or ranges of proxies whose X-Forwarded-* is believed",
	},
	adminApi: {
		group: "callers",
		variables: ["TOLLWAY_ADMIN_API"],
		type: kinds.flag,
		fallback: "false",
		about:
			"Let the master key reach Anthropic's Admin API (organizations, compliance, tunnels, vaults)",
	},
	authBackoff: {
		group: "callers",
		variables: ["TOLLWAY_AUTH_BACKOFF"],
		type: kinds.flag,
		fallback: "true",
		about:
			"Let addresses that send many unknown keys wait; valid keys never do",
	},
	upstreamUrl: {
		group: "upstream",
		variables: [
			"TOLLWAY_UPSTREAM_URL",
			"ANTHROPIC_API_BASE",
			"ANTHROPIC_BASE_URL",
		],
		type: kinds.upstreamUrl,
		fallback: "https://api.anthropic.com",
		about: "Where calls go",
	},
	upstreamKey: {
		group: "upstream",
		variables: ["TOLLWAY_UPSTREAM_KEY", "ANTHROPIC_API_KEY"],
		type: kinds.key,
		credential: "upstream-key",
		about: "Anthropic key that pays for the calls",
	},
	upstreamAuthToken: {
		group: "upstream",
		variables: ["ANTHROPIC_AUTH_TOKEN"],
		type: kinds.key,
		credential: "upstream-auth-token",
		about: "Bearer token that pays, when there is no key",
	},
	adminKey: {
		group: "upstream",
		variables: ["TOLLWAY_UPSTREAM_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY"],
		type: kinds.key,
		credential: "upstream-admin-key",
		about:
			"Admin key of the organization that pays; `tollway reconcile` reads its usage and cost reports",
	},
	dataDir: {
		group: "storage",
		variables: ["TOLLWAY_DATA_DIR"],
		type: kinds.path,
		about: "Folder of everything the gateway keeps",
	},
	...databaseSettings,
	...priceSettings,
	...ledgerSettings,
	...limitSettings,
	rewriteResultsUrl: {
		group: "behaviour",
		variables: ["TOLLWAY_REWRITE_RESULTS_URL"],
		type: kinds.flag,
		fallback: "true",
		about: "Let results_url in batches point at the gateway",
	},
	firstByteMs: {
		group: "timeouts",
		variables: ["TOLLWAY_FIRST_BYTE_TIMEOUT"],
		type: kinds.duration,
		fallback: "600s",
		about: "Until upstream begins to answer; 0 = no limit",
	},
	streamIdleMs: {
		group: "timeouts",
		variables: ["TOLLWAY_STREAM_IDLE_TIMEOUT"],
		type: kinds.duration,
		fallback: "900s",
		about: "Silence of upstream within an answer; 0 = no limit",
	},
	clientStallMs: {
		group: "timeouts",
		variables: ["TOLLWAY_CLIENT_STALL_TIMEOUT"],
		type: kinds.duration,
		fallback: "600s",
		about: "A client that stops reading its answer; 0 = no limit",
	},
	slowBodyMs: {
		group: "timeouts",
		variables: ["TOLLWAY_SLOW_BODY_TIMEOUT"],
		type: kinds.duration,
		fallback: "60s",
		about: "A client that stops sending its request; 0 = no limit",
	},
	drainMs: {
		group: "timeouts",
		variables: ["TOLLWAY_DRAIN_TIMEOUT"],
		type: kinds.duration,
		fallback: "60s",
		about: "Open answers at the stop; 0 = cut them at once",
	},
	messagesBytes: {
		group: "sizes",
		variables: ["TOLLWAY_MAX_MESSAGES_BODY"],
		type: kinds.size,
		fallback: "32MB",
		about: "Body of messages and count_tokens",
	},
	batchesBytes: {
		group: "sizes",
		variables: ["TOLLWAY_MAX_BATCHES_BODY"],
		type: kinds.size,
		fallback: "256MB",
		about: "Body of a new batch",
	},
	filesBytes: {
		group: "sizes",
		variables: ["TOLLWAY_MAX_FILES_BODY"],
		type: kinds.size,
		fallback: "500MB",
		about: "File upload",
	},
	otherBytes: {
		group: "sizes",
		variables: ["TOLLWAY_MAX_OTHER_BODY"],
		type: kinds.size,
		fallback: "64MB",
		about: "Body of any other call",
	},
	inFlightBytes: {
		group: "sizes",
		variables: ["TOLLWAY_MAX_BYTES_IN_FLIGHT"],
		type: kinds.size,
		fallback: "256MB",
		about: "All request bodies held in memory at one time",
	},
	logLevel: {
		group: "logs",
		variables: ["TOLLWAY_LOG_LEVEL", "LITELLM_LOG", "LOG_LEVEL"],
		type: kinds.logLevel,
		fallback: "info",
		about: "debug, info, warning or error; calls are printed at info",
	},
	logFormat: {
		group: "logs",
		variables: ["TOLLWAY_LOG_FORMAT", "JSON_LOGS"],
		type: kinds.logFormat,
		fallback: "auto",
		about: "auto (pretty on a terminal, else JSON), pretty or json",
	},
	noColor: {
		group: "logs",
		variables: ["NO_COLOR"],
		type: kinds.presence,
		about: "Set: no colour",
	},
	forceColor: {
		group: "logs",
		variables: ["FORCE_COLOR"],
		type: kinds.forced,
		about: "Set: colour even in a pipe, whatever NO_COLOR says; 0: none",
	},
	gatewayUrl: {
		group: "commands",
		variables: ["TOLLWAY_URL"],
		flag: "--url",
		type: kinds.gatewayUrl,
		about:
			"Where the gateway is; unset: where the settings above let it listen",
	},
	callerKey: {
		group: "commands",
		variables: ["TOLLWAY_KEY"],
		type: kinds.key,
		credential: "key",
		about: "Your virtual key, for `tollway claude` and `tollway statusline`",
	},
	sessionId: {
		group: "commands",
		variables: ["TOLLWAY_SESSION"],
		type: kinds.label,
		about:
			"The session that `tollway statusline` tells of; `tollway claude` sets it",
	},
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settings;

/** What the table's types make of the texts. */
export type Values = {
	readonly [K in SettingKey]: (typeof settings)[K] extends {
		readonly fallback: string;
	}
		? z.output<(typeof settings)[K]["type"]>
		: z.output<(typeof settings)[K]["type"]> | null;
};

/** The rows as [key, row], in the table's order. */
export function listSettings(): readonly (readonly [SettingKey, Setting])[] {
	return Object.entries(settings) as [SettingKey, Setting][];
}
