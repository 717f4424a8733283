import { BlockList, isIPv6 } from "node:net";
import { GatewayError } from "../domain/error.ts";
import type {
	Listener,
	ReadHeaders,
	RequestHeaders,
} from "../platform/contract.ts";
import type { Arrival } from "./open-call.ts";
import { toTarget } from "./path.ts";

export interface GuardOptions {
	readonly readHeaders: ReadHeaders;
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
}

export const methods: ReadonlySet<string> = new Set([
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

export function openGuard(options: GuardOptions): Guard {
	const hosts = new Set([...ownNames, ...options.allowedHosts]);
	const anyHost = !options.open && options.allowedHosts.length === 0;
	const origins = new Set(options.corsOrigins);
	const proxies = toBlockList(options.trustedProxies);
	const trusting = options.trustedProxies.length > 0;

	// Nearly every request has the Host of the one before.
	let accepted = "";
	const requireHost = (headers: RequestHeaders) => {
		const { host = "" } = headers;
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
			const headers = options.readHeaders(request.headers);
			requireHost(headers);
			const target = toTarget(request.url, options.rootPath);
			if (options.open) refuseForeign(headers, origins);
			const arrival: Arrival = {
				listener,
				target,
				headers,
				// Whoever reaches a loopback address is this machine; asking the runtime for it costs 1.4 µs (Bun 1.4.5).
				clientAddress:
					!trusting && isLoopback(listener.hostname)
						? listener.hostname
						: listener.clientAddress(request),
				scheme: listener.url.startsWith("https:") ? "https" : "http",
			};
			// Asking an empty list costs 5 µs (Bun 1.4.5).
			return trusting ? behindProxy(arrival, proxies) : arrival;
		},
	};
}

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
function refuseForeign(
	headers: RequestHeaders,
	origins: ReadonlySet<string>,
): void {
	const { origin } = headers;
	const configured = origin !== undefined && origins.has(origin);
	const own = origin === undefined || isSameHost(origin, headers.host);
	const crossSite = headers["sec-fetch-site"] === "cross-site";
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

const hasForwarded = (headers: RequestHeaders): boolean =>
	forwardedNames.some((name) => headers[name] !== undefined);

const isSameHost = (origin: string, host: string | undefined): boolean =>
	origin === `http://${host}` || origin === `https://${host}`;

function behindProxy(arrival: Arrival, proxies: BlockList): Arrival {
	const { headers, scheme, clientAddress } = arrival;
	if (clientAddress === null || !isListed(proxies, clientAddress)) {
		return arrival;
	}
	const proto = headers["x-forwarded-proto"];
	return {
		...arrival,
		scheme: proto === "https" || proto === "http" ? proto : scheme,
		clientAddress: toClientAddress(
			headers["x-forwarded-for"],
			clientAddress,
			proxies,
		),
	};
}

const isLoopback = (hostname: string): boolean =>
	hostname === "127.0.0.1" || hostname === "::1" || hostname === "localhost";

/** Where the client reaches us, `SERVER_ROOT_PATH` included; no trailing slash. */
export function toPublicBase(
	arrival: Arrival,
	options: Pick<GuardOptions, "publicUrl" | "rootPath">,
): string {
	if (options.publicUrl !== null) return options.publicUrl;
	return `${arrival.scheme}://${arrival.headers.host}${options.rootPath}`;
}

/** The last address of the chain that is not one of our own proxies: everything before it is hearsay. */
function toClientAddress(
	chain: string | undefined,
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
