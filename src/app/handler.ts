/** What stands in front of every route. */
import type { Config } from "../cli/config.ts";
import { openCors } from "../gateway/cors.ts";
import { isEveryday } from "../gateway/families.ts";
import { openGuard } from "../gateway/guard.ts";
import { type Gateway, runCall } from "../gateway/pipeline.ts";
import type { Listener, ReadHeaders } from "../platform/contract.ts";
import { answerFault, anthropicPath, type Routes } from "./routes.ts";

export function toHandler(
	config: Config,
	gateway: Gateway,
	routes: Routes,
	readHeaders: ReadHeaders,
) {
	const guard = openGuard({
		readHeaders,
		open: gateway.authority.masterDigest === null,
		allowedHosts: config.allowedHosts,
		corsOrigins: config.corsOrigins,
		trustedProxies: config.trustedProxies,
		publicUrl: config.publicUrl,
		rootPath: config.rootPath,
	});
	const answer = (request: Request, listener: Listener) => {
		try {
			const arrival = guard.admitArrival(request, listener);
			// Hono makes 30 objects and two promises for each request (1.7 KB of 10, 4.13): the everyday call goes past it, to
			// the function that its route calls.
			return request.method === "POST" && isEveryday(arrival.target.path)
				? runCall(request, arrival, gateway)
				: routes.fetch(request, arrival);
		} catch (error) {
			return answerFault(error, gateway.newId(), anthropicPath);
		}
	};
	if (config.corsOrigins.length === 0) return answer;
	const cors = openCors(config.corsOrigins);
	return async (request: Request, listener: Listener) =>
		cors.answerPreflight(request) ??
		cors.allowOrigin(request, await answer(request, listener));
}
