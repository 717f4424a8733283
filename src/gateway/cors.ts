import { methods } from "./guard.ts";

/** For web pages of the configured origins (WHATWG Fetch, CORS protocol). */
export interface Cors {
	/** The answer to a preflight of a configured origin; null for anything else. */
	answerPreflight(request: Request): Response | null;
	/** Lets a page of a configured origin read the reply. */
	allowOrigin(request: Request, reply: Response): Response;
}

const preflightSeconds = "600";

export function openCors(allowed: readonly string[]): Cors {
	const origins = new Set(allowed);
	const originOf = ({ headers }: Request): string | null => {
		const origin = headers.get("origin");
		return origin !== null && origins.has(origin) ? origin : null;
	};
	return {
		answerPreflight(request) {
			const origin = originOf(request);
			if (request.method !== "OPTIONS" || origin === null) return null;
			return new Response(null, {
				status: 204,
				headers: {
					...toCorsHeaders(origin),
					"access-control-allow-methods": [...methods].join(", "),
					"access-control-allow-headers":
						request.headers.get("access-control-request-headers") ?? "*",
					"access-control-max-age": preflightSeconds,
				},
			});
		},
		allowOrigin(request, reply) {
			const origin = originOf(request);
			if (origin === null) return reply;
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
