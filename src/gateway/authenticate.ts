import type { Buffer } from "node:buffer";
import { hash, timingSafeEqual } from "node:crypto";
import type { Directory } from "../domain/directory.ts";
import { GatewayError } from "../domain/error.ts";
import { isExpired, type VirtualKey } from "../domain/virtual-key.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import type { Route } from "./families.ts";
import { toClosed, toForbidden } from "./permit.ts";

/** One header, ready for the upstream request. */
export interface UpstreamCredential {
	readonly header: "x-api-key" | "authorization";
	readonly value: string;
}

/** What a caller may do, and whose credential goes upstream. */
export interface Grant {
	readonly caller: "anyone" | "master" | "key";
	/** Whose spend it is; null where nobody had to prove anything. */
	readonly keyId: string | null;
	/** The virtual key that was presented; null for the master key and for anyone. */
	readonly key: VirtualKey | null;
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
	readonly directory: Pick<Directory, "keys" | "teams" | "users" | "customers">;
	/** Whether what a key spends is bounded. */
	readonly hasBudget: (key: VirtualKey) => boolean;
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

/** In one step: an object that hashes by and by costs four times as much (1.2 and 0.3 µs with the text of it, Bun 1.4.5). */
export const toDigest = (key: string): Buffer => hash("sha256", key, "buffer");

/**
 * Who calls, and with whose credential the call goes on.
 *
 * A value that starts with `sk-ant-` is Anthropic's and never a gateway key, so a subscription's token may stand in one
 * header and the gateway key in the other.
 *
 * @throws GatewayError `malformed_request`, `missing_key`, `invalid_key`, `expired_key`, `blocked_key`; a `refusal` is
 * `forbidden` or `no_upstream_credential`
 */
export function authenticate(
	headers: RequestHeaders,
	route: Route,
	options: {
		readonly authority: Authority;
		readonly nowMs: number;
		readonly method: string;
	},
): Grant {
	const { authority, nowMs, method } = options;
	const { family } = route;
	const presented = toPresented(headers);
	const own = presented.find(isAnthropic);
	const by = toCaller(presented, authority, nowMs);
	const forbidden =
		by.key === null
			? toClosed(route, authority)
			: toForbidden(route, by.key, { ...authority, method });
	if (forbidden !== null) return { ...by, ...refused(forbidden) };
	if (family.credential === "none") {
		return { ...by, payer: "client", credential: null, refusal: null };
	}
	const bringsOwn = by.key?.credential === "client";
	const forwardsOwn =
		bringsOwn || authority.masterDigest === null || !authority.credential;
	if (own && forwardsOwn) {
		const credential = toOwnCredential(own);
		return { ...by, payer: "client", credential, refusal: null };
	}
	if (bringsOwn) return { ...by, ...refused(noOwnCredential()) };
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

const noOwnCredential = () =>
	new GatewayError(
		"no_upstream_credential",
		"This gateway key is for callers who bring a credential of their own. Send yours, which starts with sk-ant-, in the authorization or x-api-key header, and the gateway key in x-litellm-api-key.",
	);

type Caller = Pick<Grant, "caller" | "keyId" | "key">;

const anyone: Caller = { caller: "anyone", keyId: null, key: null };
/** The name under which LiteLLM books it. */
const masterId = "litellm_proxy_master_key";
const master: Caller = { caller: "master", keyId: masterId, key: null };

/** @throws GatewayError `missing_key`, `invalid_key`, `expired_key`, `blocked_key` */
function toCaller(
	presented: readonly Presented[],
	{ masterDigest, directory }: Authority,
	nowMs: number,
): Caller {
	const sent = presented.find(isGatewayKey);
	if (sent === undefined) {
		if (masterDigest === null) return anyone;
		throw new GatewayError("missing_key", missingKeySentence(presented));
	}
	// Nothing is hashed for nobody.
	const { keys } = directory;
	if (masterDigest === null && keys.isEmpty()) return anyone;
	const digest = toDigest(sent.value);
	if (masterDigest !== null && timingSafeEqual(digest, masterDigest)) {
		return master;
	}
	const key = keys.find(digest.toString("hex"));
	if (key === null) {
		if (masterDigest === null) return anyone;
		throw invalidKey(sent);
	}
	requireUsable(key, nowMs);
	requireTeam(key, directory);
	return { caller: "key", keyId: key.id, key };
}

/** Who holds a key may be told what became of it. */
function requireUsable(key: VirtualKey, nowMs: number): void {
	if (key.blocked) {
		throw new GatewayError(
			"blocked_key",
			`The gateway key ${key.name} is blocked. Ask the gateway's operator to unblock it.`,
		);
	}
	if (isExpired(key, nowMs)) {
		const at = new Date(key.expiresMs ?? nowMs).toISOString();
		throw new GatewayError(
			"expired_key",
			`The gateway key ${key.name} expired at ${at}. Ask the gateway's operator for a new one.`,
		);
	}
}

function requireTeam(
	{ teamId }: VirtualKey,
	{ teams }: Pick<Directory, "teams">,
) {
	if (teamId === null || !teams.byId(teamId)?.blocked) return;
	throw new GatewayError(
		"blocked_key",
		`The team ${teamId} of this gateway key is blocked. Ask the gateway's operator to unblock it.`,
	);
}

/** @throws GatewayError unless one of the presented values is the master key */
export function requireMasterKey(
	headers: RequestHeaders,
	digest: Uint8Array,
): void {
	const presented = toPresented(headers);
	const key = presented.find(isGatewayKey);
	if (!key) {
		throw new GatewayError("missing_key", missingKeySentence(presented));
	}
	if (!timingSafeEqual(toDigest(key.value), digest)) throw invalidKey(key);
}

/** What LiteLLM calls the field. */
const aboutKey = { answer: { param: "key" } } as const;

interface AuthorityNow {
	readonly authority: Authority;
	readonly nowMs: number;
}

/** @throws GatewayError unless the master key is presented, or nobody needs one; `forbidden` to the holder of a virtual key */
export function requireOperator(
	headers: RequestHeaders,
	now: AuthorityNow,
): void {
	const { masterDigest } = now.authority;
	if (masterDigest === null) return;
	try {
		requireMasterKey(headers, masterDigest);
	} catch (error) {
		// Who holds a key does not guess at one.
		if (readOwnKey(headers, now) === null) throw error;
		throw new GatewayError(
			"forbidden",
			"This is for the gateway's operator: send the master key. A virtual key may ask about itself only, with GET /key/info.",
			aboutKey,
		);
	}
}

/** The virtual key that the headers present; null: none that is known. @throws GatewayError `expired_key`, `blocked_key` */
export function readOwnKey(
	headers: RequestHeaders,
	{ authority, nowMs }: AuthorityNow,
): VirtualKey | null {
	const open = { ...authority, masterDigest: null };
	return toCaller(toPresented(headers), open, nowMs).key;
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

/** A value that starts with `sk-ant-` is Anthropic's. */
const isGatewayKey = ({ value }: Presented): boolean =>
	!value.startsWith("sk-ant-");

const invalidKey = ({ header }: Presented) =>
	new GatewayError(
		"invalid_key",
		`The gateway key in the ${header} header is not known to Tollway. Ask its operator for a valid one.`,
		aboutKey,
	);

function missingKeySentence(presented: readonly Presented[]): string {
	return presented.length > 0
		? "This is an Anthropic credential (sk-ant-…), but Tollway wants its own gateway key here. Send the gateway key as Authorization: Bearer or x-litellm-api-key; Tollway adds the Anthropic key itself."
		: "No gateway key was sent. Send yours as Authorization: Bearer <key>, or in the header x-litellm-api-key.";
}

const toOwnCredential = (own: Presented): UpstreamCredential =>
	own.header === "authorization"
		? { header: "authorization", value: `Bearer ${own.value}` }
		: { header: "x-api-key", value: own.value };
