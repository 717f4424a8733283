import { createHash, timingSafeEqual } from "node:crypto";
import { GatewayError } from "../domain/error.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import type { Family } from "./families.ts";

/** One header, ready for the upstream request. */
export interface UpstreamCredential {
	readonly header: "x-api-key" | "authorization";
	readonly value: string;
}

/** What a caller may do, and whose credential goes upstream. */
export interface Grant {
	readonly caller: "anyone" | "master";
	/** Whose spend it is; null where nobody had to prove anything. */
	readonly keyId: string | null;
	/** Who Anthropic bills: we (`operator`), or the owner of the client's own credential. */
	readonly payer: "operator" | "client";
	/** Null: none goes along (token exchange). */
	readonly credential: UpstreamCredential | null;
	/** Why this call may not go on although it is known who calls: it goes on the ledger. */
	readonly refusal: GatewayError | null;
}

export interface Authority {
	/** SHA-256 of the master key; null = open mode. */
	readonly masterDigest: Uint8Array | null;
	readonly credential: UpstreamCredential | null;
	/** Whether the master key reaches Anthropic's own administration. */
	readonly adminApi: boolean;
}

interface Presented {
	readonly header: string;
	readonly value: string;
}

/** Where a key may stand, in the order in which it counts. None of these headers ever crosses by itself. */
export const credentialHeaders = [
	"x-litellm-api-key",
	"authorization",
	"api-key",
	"x-api-key",
	"x-goog-api-key",
	"ocp-apim-subscription-key",
	"litellm_user_api_key",
] as const;

const scheme = /^(bearer|basic) +/i;

export const toDigest = (key: string): Uint8Array =>
	createHash("sha256").update(key).digest();

/**
 * Who calls, and with whose credential the call goes on.
 *
 * A value that starts with `sk-ant-` is Anthropic's and never a gateway key, so a subscription's token may stand in one
 * header and the gateway key in the other.
 *
 * @throws GatewayError `malformed_request`, `missing_key`, `invalid_key`; a `refusal` is `forbidden` or
 * `no_upstream_credential`
 */
export function authenticate(
	headers: RequestHeaders,
	family: Family,
	authority: Authority,
): Grant {
	const presented = toPresented(headers);
	const own = presented.find(isAnthropic);
	if (authority.masterDigest !== null) {
		requireMaster(presented, authority.masterDigest);
	}
	const by = authority.masterDigest === null ? anyone : master;
	if (isClosed(family, authority)) return { ...by, ...refused(closed()) };
	if (family.credential === "none") {
		return { ...by, payer: "client", credential: null, refusal: null };
	}
	const forwardsOwn = authority.masterDigest === null || !authority.credential;
	if (own && forwardsOwn) {
		const credential = toOwnCredential(own);
		return { ...by, payer: "client", credential, refusal: null };
	}
	const { credential } = authority;
	return credential
		? { ...by, payer: "operator", credential, refusal: null }
		: { ...by, ...refused(noCredential()) };
}

const refused = (refusal: GatewayError) =>
	({ payer: "operator", credential: null, refusal }) as const;

const noCredential = () =>
	new GatewayError(
		"no_upstream_credential",
		"Tollway holds no Anthropic credential, and this call brought none. Set ANTHROPIC_API_KEY where Tollway runs, or send your own key that starts with sk-ant-.",
	);

const anyone = { caller: "anyone", keyId: null } as const;
/** The name under which LiteLLM books it. */
const master = { caller: "master", keyId: "litellm_proxy_master_key" } as const;

/** @throws GatewayError unless one of the presented values is the master key */
export function requireMasterKey(
	headers: RequestHeaders,
	digest: Uint8Array,
): void {
	requireMaster(toPresented(headers), digest);
}

function toPresented(headers: RequestHeaders): Presented[] {
	const presented: Presented[] = [];
	for (const header of credentialHeaders) {
		const raw = headers[header];
		if (raw === undefined) continue;
		const value = raw.replace(scheme, "").trim();
		if (value === "") continue;
		if (value.includes(","))
			throw new GatewayError("malformed_request", twice(header));
		presented.push({ header, value });
	}
	return presented;
}

/** The runtime joins repeated headers with a comma; no key holds one. */
const twice = (header: string): string =>
	`The ${header} header was sent more than once. Send each credential header once.`;

const isAnthropic = (presented: Presented): boolean =>
	presented.value.startsWith("sk-ant-") &&
	(presented.header === "authorization" || presented.header === "x-api-key");

function requireMaster(presented: Presented[], digest: Uint8Array): void {
	const key = presented.find((one) => !one.value.startsWith("sk-ant-"));
	if (!key) {
		throw new GatewayError("missing_key", missingKeySentence(presented));
	}
	if (timingSafeEqual(toDigest(key.value), digest)) return;
	throw new GatewayError(
		"invalid_key",
		`The gateway key in the ${key.header} header is not known to Tollway. Ask its operator for a valid one.`,
	);
}

function missingKeySentence(presented: Presented[]): string {
	return presented.length > 0
		? "This is an Anthropic credential (sk-ant-…), but Tollway wants its own gateway key here. Send the gateway key as Authorization: Bearer or x-litellm-api-key; Tollway adds the Anthropic key itself."
		: "No gateway key was sent. Send yours as Authorization: Bearer <key>, or in the header x-litellm-api-key.";
}

const isClosed = (family: Family, authority: Authority): boolean =>
	family.access === "admin" &&
	!(authority.masterDigest !== null && authority.adminApi);

const closed = () =>
	new GatewayError(
		"forbidden",
		"Anthropic's administration endpoints are closed on this gateway. Its operator can open them to the master key with TOLLWAY_ADMIN_API=on.",
	);

const toOwnCredential = (own: Presented): UpstreamCredential =>
	own.header === "authorization"
		? { header: "authorization", value: `Bearer ${own.value}` }
		: { header: "x-api-key", value: own.value };
