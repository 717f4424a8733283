import type { Context, Hono } from "hono";
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
	readonly routes: () => Promise<readonly RouteRow[]>;
}

export interface RouteRow {
	readonly path: string;
	readonly methods: readonly string[];
}

type HealthContext = Context<{ Bindings: Caller }>;

/** A row; all are GET. */
export interface HealthRoute {
	readonly path: string;
	/** One line for people, as it stands in the API's description. */
	readonly summary: string;
	/** `detailed`: who may manage is told more. */
	readonly tells: "everybody the same" | "detailed";
	readonly type: "text/plain" | "application/json";
	/** Per status what a stranger is told. */
	readonly replies: Readonly<Record<number, unknown>>;
	readonly answer: (
		c: HealthContext,
		state: HealthState,
	) => Response | Promise<Response>;
}

const alive = (path: string): HealthRoute => ({
	path,
	summary: "The process lives, in LiteLLM's words",
	tells: "everybody the same",
	type: "application/json",
	replies: { 200: "I'm alive!" },
	answer: (c) => c.json("I'm alive!"),
});

/** For probes. They cost nothing, never wait for upstream without a key, and tell a stranger only ok or not. */
export const healthRoutes: readonly HealthRoute[] = [
	{
		path: "/healthz",
		summary: "The process lives",
		tells: "everybody the same",
		type: "text/plain",
		replies: { 200: "ok" },
		answer: (c) => c.text("ok"),
	},
	{
		path: "/readyz",
		summary: "Whether it takes calls",
		tells: "everybody the same",
		type: "text/plain",
		replies: { 200: "ok", 503: "not ready" },
		answer: async (c, state) =>
			(await state.findFault()) === null
				? c.text("ok")
				: c.text("not ready", 503),
	},
	alive("/health/liveliness"),
	alive("/health/liveness"),
	{
		path: "/health/readiness",
		summary: "Whether it takes calls, and why not",
		tells: "detailed",
		type: "application/json",
		replies: { 200: { status: "healthy" }, 503: { status: "unhealthy" } },
		answer: answerReadiness,
	},
	{
		path: "/health",
		summary:
			"Whether upstream answers; a stranger learns whether it takes calls",
		tells: "detailed",
		type: "application/json",
		replies: { 200: { status: "ok" }, 503: { status: "not ok" } },
		answer: answerHealth,
	},
	{
		path: "/routes",
		summary: "All routes",
		tells: "detailed",
		type: "application/json",
		replies: { 200: { status: "ok" } },
		answer: async (c, state) =>
			state.isTrusted(c.env)
				? c.json({ routes: (await state.routes()).map(toListed) })
				: c.json({ status: "ok" }),
	},
];

export function addHealthRoutes<E extends Caller>(
	app: Hono<{ Bindings: E }>,
	state: HealthState,
): void {
	for (const { path, answer } of healthRoutes) {
		app.get(path, (c) => answer(c as unknown as HealthContext, state));
	}
}

async function answerReadiness(
	c: HealthContext,
	state: HealthState,
): Promise<Response> {
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
}

async function answerHealth(
	c: HealthContext,
	state: HealthState,
): Promise<Response> {
	if (!state.isTrusted(c.env)) {
		const ready = (await state.findFault()) === null;
		return c.json({ status: ready ? "ok" : "not ok" }, ready ? 200 : 503);
	}
	const fault = await state.checkUpstream();
	const endpoint = { model: "anthropic/*", api_base: state.upstreamUrl };
	return c.json({
		healthy_endpoints: fault === null ? [endpoint] : [],
		unhealthy_endpoints: fault === null ? [] : [{ ...endpoint, error: fault }],
		healthy_count: fault === null ? 1 : 0,
		unhealthy_count: fault === null ? 0 : 1,
	});
}

const toListed = (row: RouteRow) => ({
	path: row.path,
	methods: row.methods,
	name: row.path,
	endpoint: row.path,
});
