/** One free request tells three things: upstream answers, the key is accepted, the clock is right. */
import { toDurationText } from "./call-line.ts";
import type { Config } from "./config.ts";
import type { Check, DoctorRow } from "./doctor-checks.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import type { World } from "./world.ts";

const probeTimeoutMs = 10_000;

interface Probe {
	readonly reply: Response;
	readonly tookMs: number;
	/** Upstream's clock minus ours; null when it did not say. */
	readonly skewMs: number | null;
}

/** Listing models is free, and is answered 401 for a bad key. */
async function probe(
	{ upstream }: Config,
	{ fetch, clock }: World,
): Promise<Probe> {
	const { credential } = upstream;
	const startedMs = clock.monotonic();
	const reply = await fetch(`${upstream.url}/v1/models?limit=1`, {
		method: "GET",
		headers: {
			"anthropic-version": "2023-06-01",
			...(credential ? { [credential.header]: credential.value } : {}),
		},
		body: null,
		signal: AbortSignal.timeout(probeTimeoutMs),
	});
	const tookMs = clock.monotonic() - startedMs;
	await reply.body?.cancel();
	const date = Date.parse(reply.headers.get("date") ?? "");
	const skewMs = Number.isNaN(date) ? null : date - (clock.now() - tookMs / 2);
	return { reply, tookMs, skewMs };
}

const failures: Readonly<Record<string, string>> = {
	ENOTFOUND: "its name is unknown (DNS)",
	ECONNREFUSED: "nothing listens there",
	ECONNRESET: "it broke the connection off",
	ERR_PROXY_TUNNEL: "the proxy refused the connection",
};

function toFailure(error: unknown): string {
	const { code, name, message } = (error ?? {}) as Record<string, unknown>;
	if (name === "TimeoutError") {
		return `no answer in ${probeTimeoutMs / 1000} s`;
	}
	const known = typeof code === "string" ? failures[code] : undefined;
	return known ?? redactKeys(escapeControls(String(message ?? error)));
}

function judgeReply(url: string, { reply, tookMs }: Probe): DoctorRow {
	const check = "upstream";
	const { status } = reply;
	const fine = status < 300 || status === 401 || status === 403;
	return fine
		? {
				check,
				status: "ok",
				message: `${url} answers in ${toDurationText(tookMs)}`,
			}
		: {
				check,
				status: "warning",
				message: `${url} answers, but with status ${status}`,
			};
}

function judgeKey({ upstream }: Config, { reply }: Probe): DoctorRow {
	const check = "upstream key";
	const { credential } = upstream;
	if (credential === null) {
		return {
			check,
			status: "warning",
			message:
				"none is set (ANTHROPIC_API_KEY): every caller needs an Anthropic key of their own",
		};
	}
	const shown = `${credential.masked} from ${credential.from}`;
	const { status } = reply;
	if (status === 200)
		return { check, status: "ok", message: `${shown} is accepted` };
	return status === 401 || status === 403
		? {
				check,
				status: "failed",
				message: `${shown} is refused with status ${status}`,
			}
		: {
				check,
				status: "warning",
				message: `${shown} could not be tried: upstream answered ${status}`,
			};
}

const skewMaxMs = 10_000;

function judgeClock({ skewMs }: Probe): DoctorRow {
	const check = "clock";
	if (skewMs === null) {
		return {
			check,
			status: "skipped",
			message: "upstream does not tell the time",
		};
	}
	const away = toDurationText(Math.abs(skewMs));
	return Math.abs(skewMs) <= skewMaxMs
		? { check, status: "ok", message: "agrees with upstream's" }
		: {
				check,
				status: "warning",
				message: `${away} ${skewMs > 0 ? "behind" : "ahead of"} upstream's; amounts would count in the wrong hour`,
			};
}

export const checkUpstream: Check = async (config, world) => {
	const { url } = config.upstream;
	try {
		const seen = await probe(config, world);
		return [judgeReply(url, seen), judgeKey(config, seen), judgeClock(seen)];
	} catch (error) {
		const skipped = {
			status: "skipped",
			message: "upstream is not reached",
		} as const;
		return [
			{
				check: "upstream",
				status: "failed",
				message: `${url} is not reached: ${toFailure(error)}`,
			},
			{ check: "upstream key", ...skipped },
			{ check: "clock", ...skipped },
		];
	}
};
