import type { RequestHeaders } from "../platform/contract.ts";
import { credentialHeaders, type UpstreamCredential } from "./authenticate.ts";

/** RFC 9110 §7.6.1 and its relatives: they describe one connection and never cross. */
const hopByHop = [
	"connection",
	"keep-alive",
	"proxy-connection",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-authentication-info",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
] as const;

/** Request headers that stay here, besides the prefixes below. */
const requestStays: ReadonlySet<string> = new Set([
	...hopByHop,
	...credentialHeaders,
	"accept-encoding",
	"content-length",
	"cookie",
	"expect",
	"forwarded",
	"host",
]);

const requestPrefixesStay = ["x-litellm-", "x-forwarded-"] as const;

/**
 * Reply headers that stay here. `alt-svc` names other ports of *this* origin (RFC 7838), which upstream cannot know; the
 * runtime writes its own `date`.
 */
const replyStays: readonly string[] = [
	...hopByHop,
	"alt-svc",
	"date",
	"server",
	"set-cookie",
];

/** What upstream takes for granted that every client sends; LiteLLM's own examples do not. Never the newer one. */
const defaultVersion = "2023-06-01";

/** What an OAuth token needs beside itself; merged into the client's own list. */
const oauthBeta = "oauth-2025-04-20";

export interface UpstreamHeadersOptions {
	readonly credential: UpstreamCredential | null;
	/** True when the credential is the operator's; the client's own brings its own beta names. */
	readonly ours: boolean;
	/** Ask for an unencoded reply, because it will be read. */
	readonly identity: boolean;
	/** What the client sent no user agent of its own with. */
	readonly userAgent: string;
}

/** The headers of the upstream request: all of the client's, but for what the tables above keep here, and one credential. */
export function toUpstreamHeaders(
	received: RequestHeaders,
	options: UpstreamHeadersOptions,
): Record<string, string> {
	const listed = toListed(received.connection);
	const headers: Record<string, string> = Object.create(null);
	for (const name in received) {
		if (requestStays.has(name) || listed?.has(name)) continue;
		if (name.startsWith("x-") && staysByPrefix(name)) continue;
		headers[name] = received[name] as string;
	}
	// The runtime adds defaults for what is missing; a reply that the client cannot decode must not come of that.
	headers["accept-encoding"] =
		(options.identity ? null : received["accept-encoding"]) ?? "identity";
	headers["user-agent"] ??= options.userAgent;
	headers["anthropic-version"] ??= defaultVersion;
	if (options.credential) {
		headers[options.credential.header] = options.credential.value;
		if (options.ours) addOauthBeta(headers, options.credential);
	}
	return headers;
}

/** Takes out of a copy of upstream's reply headers what the table above keeps here. */
export function stripReplyHeaders(headers: Headers): void {
	const listed = toListed(headers.get("connection") ?? undefined);
	for (const name of replyStays) headers.delete(name);
	if (listed) for (const name of listed) headers.delete(name);
}

const staysByPrefix = (name: string): boolean =>
	requestPrefixesStay.some((prefix) => name.startsWith(prefix));

/** A header name (RFC 9110 §5.6.2). */
const token = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Names listed in a `connection` header; null on the two everyday values. */
function toListed(connection: string | undefined): Set<string> | null {
	if (connection === undefined) return null;
	const value = connection.toLowerCase();
	if (value === "keep-alive" || value === "close") return null;
	const names = value.split(",").map((name) => name.trim());
	// What is no name lists nothing, and Headers would throw at it.
	return new Set(names.filter((name) => token.test(name)));
}

function addOauthBeta(
	headers: Record<string, string>,
	credential: UpstreamCredential,
): void {
	if (!credential.value.startsWith("Bearer sk-ant-oat")) return;
	const betas = headers["anthropic-beta"];
	if (betas?.split(",").some((beta) => beta.trim() === oauthBeta)) return;
	headers["anthropic-beta"] = betas ? `${betas},${oauthBeta}` : oauthBeta;
}
