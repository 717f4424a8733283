/** What stands in front of every route. */
import type { Config } from "../cli/config.ts";
import { openCors } from "../gateway/cors.ts";
import { openGuard } from "../gateway/guard.ts";
import type { Gateway } from "../gateway/pipeline.ts";
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
			return routes.fetch(request, guard.admitArrival(request, listener));
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
