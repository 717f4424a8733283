import { BlockList, isIPv6 } from "node:net";
import { GatewayError } from "../domain/error.ts";
import type { Listener } from "../platform/contract.ts";
import type { Arrival } from "./open-call.ts";
import { type Target, toTarget } from "./path.ts";

export interface GuardOptions {
	/** Nobody has to prove anything: then only programs of this machine may call, and no web page. */
	readonly open: boolean;
	/** Lower case, without port. With a master key an empty list accepts every name. */
	readonly allowedHosts: readonly string[];
	/** `https://app.example.com` */
	readonly corsOrigins: readonly string[];
	/** Addresses and CIDR ranges. */
	readonly trustedProxies: readonly string[];
	readonly publicUrl: string | null;
	/** Empty or `/prefix`. */
	readonly rootPath: string;
}

export interface Guard {
	/**
	 * Judges what stands in front of every route, and says where the request goes.
	 * @throws GatewayError `malformed_request`, `method_not_allowed`, `forbidden`
	 */
	admitArrival(request: Request, listener: Listener): Arrival;
	/** The answer to a preflight of a configured origin; null for anything else. */
	answerPreflight(request: Request): Response | null;
	/** Lets a page of a configured origin read the reply. */
	allowOrigin(request: Request, reply: Response): Response;
}

const methods: ReadonlySet<string> = new Set([
	"GET",
	"HEAD",
	"POST",
	"PUT",
	"PATCH",
	"DELETE",
]);

/** Names of this machine, as a client on it may write them. */
const ownNames = ["localhost", "127.0.0.1", "::1", "0.0.0.0"] as const;

/** What proxies add; one of them is proof enough. */
const forwardedNames = [
	"forwarded",
	"x-forwarded-for",
	"x-forwarded-host",
	"x-forwarded-proto",
	"x-forwarded-port",
	"x-forwarded-server",
	"x-forwarded-prefix",
	"x-real-ip",
] as const;

const hostForm = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i;

const preflightSeconds = "600";

export function openGuard(options: GuardOptions): Guard {
	const hosts = new Set([...ownNames, ...options.allowedHosts]);
	const anyHost = !options.open && options.allowedHosts.length === 0;
	const origins = new Set(options.corsOrigins);
	const proxies = toBlockList(options.trustedProxies);
	const trusting = options.trustedProxies.length > 0;

	// Nearly every request has the Host of the one before.
	let accepted = "";
	const requireHost = (request: Request) => {
		const host = request.headers.get("host") ?? "";
		if (host !== "" && host === accepted) return;
		const name = toHostName(host);
		if (anyHost || hosts.has(name)) {
			accepted = host;
			return;
		}
		throw new GatewayError(
			"forbidden",
			"This gateway does not answer to that host name. Its operator can add it to TOLLWAY_ALLOWED_HOSTS.",
		);
	};

	return {
		admitArrival(request, listener) {
			if (!methods.has(request.method)) throw methodNotAllowed(request.method);
			requireHost(request);
			const target = toTarget(request.url, options.rootPath);
			if (options.open) refuseForeign(request, origins);
			return toArrival(request, listener, target, proxies, trusting);
		},
		answerPreflight(request) {
			if (request.method !== "OPTIONS") return null;
			const { headers } = request;
			const origin = headers.get("origin");
			if (origin === null || !origins.has(origin)) return null;
			return new Response(null, {
				status: 204,
				headers: {
					...toCorsHeaders(origin),
					"access-control-allow-methods": [...methods].join(", "),
					"access-control-allow-headers":
						headers.get("access-control-request-headers") ?? "*",
					"access-control-max-age": preflightSeconds,
				},
			});
		},
		allowOrigin(request, reply) {
			if (origins.size === 0) return reply;
			const origin = request.headers.get("origin");
			if (origin === null || !origins.has(origin)) return reply;
			for (const [name, value] of Object.entries(toCorsHeaders(origin))) {
				reply.headers.set(name, value);
			}
			return reply;
		},
	};
}

const toCorsHeaders = (origin: string) => ({
	"access-control-allow-origin": origin,
	"access-control-expose-headers": "*",
	vary: "origin",
});

const methodNotAllowed = (method: string): GatewayError =>
	new GatewayError(
		"method_not_allowed",
		method === "OPTIONS"
			? "OPTIONS is answered only for origins that the operator lists in TOLLWAY_CORS_ORIGINS."
			: `The method ${method} is not forwarded. Use GET, HEAD, POST, PUT, PATCH or DELETE.`,
	);

const maxPort = 65_535;

function toHostName(host: string): string {
	const match = hostForm.exec(host);
	if (!match || Number(match[3] ?? 0) > maxPort) {
		throw new GatewayError(
			"malformed_request",
			"The Host header is not a plain host name with an optional port. Send exactly one.",
		);
	}
	return (match[1] ?? match[2] ?? "").toLowerCase();
}

/** Without a master key a page in the user's browser, or a proxy in front, would be as good as a program of this machine (DNS rebinding, T-04). */
function refuseForeign(request: Request, origins: ReadonlySet<string>): void {
	const { headers } = request;
	const origin = headers.get("origin");
	const configured = origin !== null && origins.has(origin);
	const own = origin === null || isSameHost(origin, headers.get("host"));
	const crossSite = headers.get("sec-fetch-site") === "cross-site";
	if (!configured && (!own || crossSite)) {
		throw new GatewayError(
			"forbidden",
			"Without a master key this gateway does not answer web pages of other origins. List the origin in TOLLWAY_CORS_ORIGINS, or set a master key.",
		);
	}
	if (!hasForwarded(headers)) return;
	throw new GatewayError(
		"forbidden",
		"A proxy stands in front of this gateway, but it has no master key, so anyone behind that proxy could spend. Set TOLLWAY_MASTER_KEY.",
	);
}

const hasForwarded = (headers: Headers): boolean =>
	forwardedNames.some((name) => headers.has(name));

const isSameHost = (origin: string, host: string | null): boolean =>
	origin === `http://${host}` || origin === `https://${host}`;

function toArrival(
	request: Request,
	listener: Listener,
	target: Target,
	proxies: BlockList,
	trusting: boolean,
): Arrival {
	// Whoever reaches a loopback address is this machine; asking the runtime for it costs 1.4 µs (Bun 1.4.5).
	const clientAddress =
		!trusting && isLoopback(listener.hostname)
			? listener.hostname
			: listener.clientAddress(request);
	const scheme = listener.url.startsWith("https:") ? "https" : "http";
	const arrival = { listener, target, clientAddress, scheme } as const;
	// Asking an empty list costs 5 µs (Bun 1.4.5).
	if (!trusting || clientAddress === null) return arrival;
	if (!isListed(proxies, clientAddress)) return arrival;
	const { headers } = request;
	const proto = headers.get("x-forwarded-proto");
	return {
		...arrival,
		scheme: proto === "https" || proto === "http" ? proto : scheme,
		clientAddress: toClientAddress(
			headers.get("x-forwarded-for"),
			clientAddress,
			proxies,
		),
	};
}

const isLoopback = (hostname: string): boolean =>
	hostname === "127.0.0.1" || hostname === "::1" || hostname === "localhost";

/** Where the client reaches us, `SERVER_ROOT_PATH` included; no trailing slash. */
export function toPublicBase(
	request: Request,
	arrival: Arrival,
	options: Pick<GuardOptions, "publicUrl" | "rootPath">,
): string {
	if (options.publicUrl !== null) return options.publicUrl;
	return `${arrival.scheme}://${request.headers.get("host")}${options.rootPath}`;
}

/** The last address of the chain that is not one of our own proxies: everything before it is hearsay. */
function toClientAddress(
	chain: string | null,
	peer: string,
	proxies: BlockList,
): string {
	const hops = (chain ?? "").split(",").map((hop) => hop.trim());
	const client = hops.findLast((hop) => hop !== "" && !isListed(proxies, hop));
	return client ?? peer;
}

const toFamily = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");

function toBlockList(ranges: readonly string[]): BlockList {
	const list = new BlockList();
	for (const range of ranges) {
		const [address = "", prefix] = range.split("/");
		if (prefix === undefined) list.addAddress(address, toFamily(address));
		else list.addSubnet(address, Number(prefix), toFamily(address));
	}
	return list;
}

function isListed(list: BlockList, address: string): boolean {
	const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
	return list.check(plain, toFamily(plain));
}
