/** The settings as the gateway uses them. */
import type { HoldMode } from "../domain/hold-amount.ts";
import { type LimitSet, noLimits } from "../domain/limit-set.ts";
import { type Nanos, noNanos } from "../domain/nanos.ts";
import type { Calendar } from "../limits/set-limits.ts";
import type { PriceSettings } from "../pricing/load-prices.ts";
import type { DatabaseAddress } from "../store/database-url.ts";
import type { Durability } from "../store/ledger.ts";
import type { LogFormat, LogLevel } from "./kinds.ts";
import { maskSecret } from "./safe-text.ts";
import type { SettingKey, Values } from "./settings.ts";
import { type OriginKind, type Sources, toAbsolute } from "./sources.ts";

/** What goes upstream: one with calls, and one with questions for the organization's reports. */
export interface Credential {
	readonly header: "x-api-key" | "authorization";
	/** The whole header value, `Bearer ` included. */
	readonly value: string;
	/** `sk-ant-…Wxyz` */
	readonly masked: string;
	/** What the user gave it as: `ANTHROPIC_API_KEY`. */
	readonly from: string;
}

/** Times in milliseconds (0 = no limit), sizes in bytes; absolute paths; URLs without trailing slash. */
export interface Config {
	readonly host: string;
	/** 0 = any free port. */
	readonly port: number;
	readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
	readonly publicUrl: string | null;
	/** `""` or `/prefix`. */
	readonly rootPath: string;
	/** Another gateway than this configuration's, for commands to ask; with its root path. */
	readonly gatewayUrl: string | null;
	/** Of whoever types a command: a virtual key. */
	readonly callerKey: string | null;
	readonly sessionId: string | null;
	/** Whether the API's description is served. */
	readonly docs: boolean;
	readonly masterKey: string | null;
	readonly insecureNoAuth: boolean;
	/** Lower case, without port; the public URL's host is among them. */
	readonly allowedHosts: readonly string[];
	readonly corsOrigins: readonly string[];
	/** Addresses and CIDR ranges. */
	readonly trustedProxies: readonly string[];
	readonly adminApi: boolean;
	/** Whether addresses that send many unknown keys wait. */
	readonly authBackoff: boolean;
	readonly upstream: {
		readonly url: string;
		readonly credential: Credential | null;
		/** For the organization's reports, and nothing else. */
		readonly adminCredential: Credential | null;
	};
	readonly dataDir: string;
	readonly database: DatabaseAddress;
	readonly prices: PriceSettings;
	readonly durability: Durability;
	/** What may be spent while the database takes nothing; 0: no call is let through. */
	readonly unwrittenNanos: Nanos;
	readonly holdMode: HoldMode;
	readonly hashBodies: boolean;
	/** In lower case. */
	readonly userHeader: string | null;
	readonly batchPollMs: number;
	/** What of the ledger is deleted; null: nothing for that reason. */
	readonly retention: {
		readonly days: number | null;
		readonly bytes: number | null;
		readonly everyMs: number;
	};
	readonly limiting: {
		/** Of everybody together. */
		readonly global: LimitSet;
		readonly calendar: Calendar;
		/** The budget of every end user who has no other; null: they have none. */
		readonly endUserBudgetId: string | null;
	};
	/** What is asked for by another name: the name, and the model. */
	readonly modelAliases: Readonly<Record<string, string>>;
	readonly rewriteResultsUrl: boolean;
	readonly timeouts: {
		readonly firstByteMs: number;
		readonly streamIdleMs: number;
		readonly clientStallMs: number;
		readonly slowBodyMs: number;
		/** 0 = cut at once. */
		readonly drainMs: number;
	};
	readonly limits: {
		readonly messagesBytes: number;
		readonly batchesBytes: number;
		readonly filesBytes: number;
		readonly otherBytes: number;
		readonly inFlightBytes: number;
	};
	readonly log: {
		readonly level: LogLevel;
		readonly format: LogFormat;
		readonly color: "auto" | "always" | "never";
	};
}

/** Where a setting's value came from. */
export interface Origin {
	readonly kind: OriginKind;
	/** The flag, variable or credential; null for a default. */
	readonly name: string | null;
	/** As text, secrets masked; null when unset. */
	readonly shown: string | null;
}

export type Origins = Readonly<Record<SettingKey, Origin>>;

function toCredential(values: Values, origins: Origins): Credential | null {
	const key = values.upstreamKey === null ? "upstreamAuthToken" : "upstreamKey";
	return toCredentialOf(key, values, origins);
}

function toCredentialOf(
	key: "upstreamKey" | "upstreamAuthToken" | "adminKey",
	values: Values,
	origins: Origins,
): Credential | null {
	const secret = values[key];
	if (secret === null) return null;
	const masked = maskSecret(secret);
	const from = origins[key].name ?? key;
	// An OAuth token travels as Bearer, whichever variable holds it.
	return key !== "upstreamAuthToken" && !secret.startsWith("sk-ant-oat")
		? { header: "x-api-key", value: secret, masked, from }
		: { header: "authorization", value: `Bearer ${secret}`, masked, from };
}

function toColor({ noColor, forceColor }: Values): "auto" | "always" | "never" {
	if (forceColor !== null) return forceColor ? "always" : "never";
	return noColor ? "never" : "auto";
}

/** The public URL's name is one by which clients may address us. */
function toAllowedHosts({ allowedHosts, publicUrl }: Values): string[] {
	const own = publicUrl === null ? [] : [new URL(publicUrl).hostname];
	return [...new Set([...allowedHosts, ...own])].map((name) =>
		name.replace(/^\[|\]$/g, ""),
	);
}

function toTls({ tlsCertPath, tlsKeyPath }: Values, sources: Sources) {
	if (tlsCertPath === null || tlsKeyPath === null) return null;
	return {
		certPath: toAbsolute(sources, tlsCertPath),
		keyPath: toAbsolute(sources, tlsKeyPath),
	};
}

function freeze<T extends object>(value: T): Readonly<T> {
	for (const part of Object.values(value)) {
		if (typeof part === "object" && part !== null) freeze(part);
	}
	return Object.freeze(value);
}

function toTimeouts(values: Values): Config["timeouts"] {
	const { firstByteMs, streamIdleMs, clientStallMs, slowBodyMs, drainMs } =
		values;
	return { firstByteMs, streamIdleMs, clientStallMs, slowBodyMs, drainMs };
}

function toLimits(values: Values): Config["limits"] {
	const { messagesBytes, batchesBytes, filesBytes, otherBytes, inFlightBytes } =
		values;
	return { messagesBytes, batchesBytes, filesBytes, otherBytes, inFlightBytes };
}

function toPrices(values: Values, sources: Sources): PriceSettings {
	const { pricesPath, priceFactor, unknownModel } = values;
	const path = pricesPath === null ? null : toAbsolute(sources, pricesPath);
	return { path, factor: priceFactor, unknownModel };
}

const toLimiting = (values: Values): Config["limiting"] => ({
	global: {
		...noLimits,
		maxBudgetNanos: values.maxBudget === null ? null : Number(values.maxBudget),
		budgetDuration: values.budgetDuration,
		rpmLimit: values.globalRpm,
		tpmLimit: values.globalTpm,
		maxParallel: values.globalParallel,
		modelLimits: values.modelLimits,
	},
	calendar: { timeZone: values.timeZone, resetMinute: values.resetMinute },
	endUserBudgetId: values.endUserBudgetId,
});

/** Only the embedded database has a journal to serve from. */
const toUnwritten = (values: Values & Place): Nanos =>
	values.ledgerDown === "serve" && values.database.kind === "sqlite"
		? values.ledgerDownLimit
		: noNanos;

/** Where things are kept. */
export interface Place {
	readonly dataDir: string;
	readonly database: DatabaseAddress;
}

/** Frozen to the bottom. */
export function toConfig(
	values: Values & Place,
	origins: Origins,
	sources: Sources,
): Config {
	return freeze<Config>({
		host: values.host,
		port: values.port,
		tls: toTls(values, sources),
		publicUrl: values.publicUrl,
		rootPath: values.rootPath,
		gatewayUrl: values.gatewayUrl,
		callerKey: values.callerKey,
		sessionId: values.sessionId,
		docs: values.docs && !values.noDocs,
		masterKey: values.masterKey,
		insecureNoAuth: values.insecureNoAuth,
		allowedHosts: toAllowedHosts(values),
		corsOrigins: values.corsOrigins,
		trustedProxies: values.trustedProxies,
		adminApi: values.adminApi,
		authBackoff: values.authBackoff,
		upstream: {
			url: values.upstreamUrl,
			credential: toCredential(values, origins),
			adminCredential: toCredentialOf("adminKey", values, origins),
		},
		dataDir: values.dataDir,
		database: values.database,
		prices: toPrices(values, sources),
		durability: values.durability,
		unwrittenNanos: toUnwritten(values),
		holdMode: values.holdMode,
		hashBodies: values.hashBodies,
		userHeader: values.userHeader,
		batchPollMs: values.batchPollMs,
		retention: {
			days: values.retentionDays,
			bytes: values.retentionBytes,
			everyMs: values.retentionEveryMs,
		},
		limiting: toLimiting(values),
		modelAliases: values.modelAliases,
		rewriteResultsUrl: values.rewriteResultsUrl,
		timeouts: toTimeouts(values),
		limits: toLimits(values),
		log: {
			level: values.logLevel,
			format: values.logFormat,
			color: toColor(values),
		},
	});
}
