/** Whether a gateway runs where it should, before anybody shows it a key. */
import { AskError } from "./ask-error.ts";
import type { Config } from "./config.ts";
import { toOwnOrigin, toOwnTrust } from "./own-url.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import type { World } from "./world.ts";

const probeTimeoutMs = 5_000;

/** No route of any gateway. Tollway says so under an id of its own making, for which nobody needs a key. */
const nowhere = "/key/tollway";
const ownIds = "req_tollway_";

/**
 * Resolves with its URL, root path included; null: nothing listens where the configuration has it, or that is nowhere in
 * particular. Rejects with AskError when something else answers there, or nothing does where the user said.
 */
export async function findGateway(
	config: Config,
	world: World,
	timeoutMs = probeTimeoutMs,
): Promise<string | null> {
	const { gatewayUrl, port, rootPath } = config;
	if (gatewayUrl === null && port === 0) return null;
	const url = gatewayUrl ?? toOwnOrigin(config) + rootPath;
	let reply: Response;
	try {
		reply = await world.fetch(url + nowhere, {
			...(gatewayUrl === null && toOwnTrust(config, world)),
			method: "GET",
			headers: { "accept-encoding": "identity" },
			body: null,
			signal: AbortSignal.timeout(timeoutMs),
		});
		await reply.body?.cancel();
	} catch (error) {
		if (gatewayUrl === null && isNobody(error)) return null;
		throw new AskError(
			`No gateway answers at ${url}: ${toWhy(error)}. ${toWayOut(config)}`,
		);
	}
	if (reply.headers.get("request-id")?.startsWith(ownIds)) return url;
	throw new AskError(
		`What answers at ${url} is not Tollway${toHint(reply)}. ${toWayOut(config)}`,
	);
}

const codeOf = (error: unknown): string =>
	String((error as { code?: unknown }).code);

const isNobody = (error: unknown): boolean => codeOf(error) === "ECONNREFUSED";

const failures: Readonly<Record<string, string>> = {
	ENOTFOUND: "its name is unknown (DNS)",
	ECONNREFUSED: "nothing listens there",
	ECONNRESET: "what listens there does not speak HTTP",
	EPROTO: "what listens there does not speak TLS",
	CERT_OTHER: "what listens there has another certificate",
};

/** OpenSSL's names of what is wrong with a certificate. */
const untrusted = /CERT|SIGNATURE|ISSUER|VERIFY/;

function toWhy(error: unknown): string {
	const { name, message } = error as Record<string, unknown>;
	const code = codeOf(error);
	if (name === "TimeoutError") return `no answer in ${probeTimeoutMs / 1000} s`;
	const known = failures[code];
	if (known) return known;
	return untrusted.test(code)
		? `its certificate is not trusted here (${code}; NODE_EXTRA_CA_CERTS names a file with more authorities)`
		: redactKeys(escapeControls(String(message)));
}

const toWayOut = ({ gatewayUrl }: Config): string =>
	gatewayUrl === null
		? "If your gateway listens elsewhere, say where with --url or TOLLWAY_URL, or give this command its PORT and TOLLWAY_HOST."
		: "Look at what --url or TOLLWAY_URL says.";

function toHint({ status, headers }: Response): string {
	const place = headers.get("location");
	if (status >= 300 && status < 400 && place !== null) {
		return ` (it redirects to ${escapeControls(place.slice(0, 200))})`;
	}
	const server = headers.get("server");
	return server ? ` (it is ${escapeControls(server.slice(0, 40))})` : "";
}
