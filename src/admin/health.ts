import type { Hono } from "hono";
import type { RequestHeaders } from "../platform/contract.ts";

interface Caller {
	readonly headers: RequestHeaders;
	readonly clientAddress: string | null;
}

/** What the health routes may know of the process. */
export interface HealthState {
	/** Whether this caller may see more than ok or not. */
	isTrusted(caller: Caller): boolean;
	/** Resolves with what keeps it from taking calls, such as a database that cannot be written; null: nothing. */
	findFault(): Promise<string | null>;
	/** A free question to upstream; resolves with what is wrong, or null. */
	checkUpstream(): Promise<string | null>;
	readonly version: string;
	readonly upstreamUrl: string;
	callsInProgress(): number;
	readonly uptimeMs: () => number;
}

export interface RouteRow {
	readonly path: string;
	readonly methods: readonly string[];
}

/** For probes. They cost nothing, never wait for upstream without a key, and tell a stranger only ok or not. */
export function addHealthRoutes<E extends Caller>(
	app: Hono<{ Bindings: E }>,
	state: HealthState,
	routes: () => Promise<readonly RouteRow[]>,
): void {
	for (const path of ["/health/liveliness", "/health/liveness"]) {
		app.get(path, (c) => c.json("I'm alive!"));
	}
	app.get("/healthz", (c) => c.text("ok"));
	app.get("/readyz", async (c) =>
		(await state.findFault()) === null
			? c.text("ok")
			: c.text("not ready", 503),
	);
	app.get("/health/readiness", async (c) => {
		const fault = await state.findFault();
		const ready = fault === null;
		const status = ready ? "healthy" : "unhealthy";
		const detail = state.isTrusted(c.env) && {
			db: ready ? "connected" : "Not connected",
			...(fault !== null && { fault }),
			cache: null,
			litellm_version: `tollway-${state.version}`,
			success_callbacks: [],
			calls_in_progress: state.callsInProgress(),
			uptime_seconds: Math.floor(state.uptimeMs() / 1000),
		};
		return c.json({ status, ...detail }, ready ? 200 : 503);
	});
	app.get("/health", async (c) => {
		if (!state.isTrusted(c.env)) {
			const ready = (await state.findFault()) === null;
			return c.json({ status: ready ? "ok" : "not ok" }, ready ? 200 : 503);
		}
		const fault = await state.checkUpstream();
		const endpoint = { model: "anthropic/*", api_base: state.upstreamUrl };
		return c.json({
			healthy_endpoints: fault === null ? [endpoint] : [],
			unhealthy_endpoints:
				fault === null ? [] : [{ ...endpoint, error: fault }],
			healthy_count: fault === null ? 1 : 0,
			unhealthy_count: fault === null ? 0 : 1,
		});
	});
	app.get("/routes", async (c) =>
		state.isTrusted(c.env)
			? c.json({ routes: (await routes()).map(toListed) })
			: c.json({ status: "ok" }),
	);
}

const toListed = (row: RouteRow) => ({
	path: row.path,
	methods: row.methods,
	name: row.path,
	endpoint: row.path,
});
