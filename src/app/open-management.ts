/** The gateway as `app.ts` wires it, with its routes and its database, but without a door: nothing listens. */
import { type AppOptions, openApp, type Rim } from "../app.ts";
import type { Config } from "../cli/config.ts";
import type { Management } from "../cli/world.ts";
import type { Listener, ServeOptions } from "../platform/contract.ts";

/** Rejects with StoreInUse, StoreError, or the system's error. */
export async function openManagement(
	config: Config,
	rim: Rim,
	options: Pick<AppOptions, "version" | "onLost">,
): Promise<Management> {
	let handle: ServeOptions["handle"] = () => Response.error();
	const app = await openApp(
		config,
		{
			...rim,
			serve: async (asked) => {
				handle = asked.handle;
				return nobody;
			},
		},
		{ ...options, onCall: () => {} },
	);
	return {
		fetch: async (request) => handle(request, nobody),
		close: () => app.stop(false),
	};
}

/** Requests come from this very process. */
const nobody: Listener = {
	hostname: "127.0.0.1",
	port: 0,
	url: "http://127.0.0.1:0",
	pending: () => 0,
	timeout: () => {},
	clientAddress: () => null,
	stop: async () => {},
};
