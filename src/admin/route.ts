/** The routes of the management API: how each stands in a table, and how the tables become an app. */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import { toAnswerable } from "./answerable.ts";
import {
	type Format,
	type List,
	maxRows,
	onePage,
	readFormat,
	toListReply,
	toRows,
} from "./list.ts";
import { checkBody, checkQuery } from "./read-input.ts";

/** What a route was asked: its body and query as their schemas give them. */
export interface Asked<Body = undefined, Query = undefined> {
	readonly body: Body;
	readonly query: Query;
	/** Of the path: `/key/:key/regenerate`. */
	readonly params: Readonly<Record<string, string>>;
	readonly headers: RequestHeaders;
	/** The route's path, without the slash in front: what the log of changes calls what was done. */
	readonly action: string;
}

export interface RouteExample {
	/** Without it: what the schema requires, and nothing else. */
	readonly body?: Readonly<Record<string, unknown>>;
	readonly query?: Readonly<Record<string, string>>;
	/** Gives what may be answered; best made by what makes the answers. */
	readonly reply?: () => unknown;
}

/** A row. `defineRoute` checks that its parts fit. */
export interface ManagedRoute<State> {
	readonly method: "GET" | "POST";
	readonly path: string;
	/** One line for people, as it stands in the API's description. */
	readonly summary: string;
	/** Who may call it. `holder`: also the holder of a key, about what is the key's; the route looks itself. */
	readonly for: "operator" | "holder";
	readonly body?: z.ZodType;
	/** Without a body it is asked as with an empty object. */
	readonly mayBeEmpty?: true;
	readonly query?: z.ZodType;
	/** For the API's description. */
	readonly example?: RouteExample;
	/** What of the answer is a list, which can then be had as CSV and as JSONL, too: list.ts. */
	readonly list?: List<Asked<never, never>, State>;
	readonly answer: (
		asked: Asked<never, never>,
		state: State,
	) => Promise<unknown>;
}

interface Row<State, Body, Query>
	extends Omit<ManagedRoute<State>, "body" | "query" | "list" | "answer"> {
	readonly body?: z.ZodType<Body>;
	readonly query?: z.ZodType<Query>;
	readonly list?: List<Asked<Body, Query>, State>;
	/** Resolves with what is answered, as JSON. Rejects with GatewayError or StoreError. */
	readonly answer: (
		asked: Asked<Body, Query>,
		state: State,
	) => Promise<unknown>;
}

export const defineRoute = <State, Body = undefined, Query = undefined>(
	row: Row<State, Body, Query>,
): ManagedRoute<State> => row as ManagedRoute<State>;

/** @throws GatewayError for a caller who may not manage */
export type RequireOperator = (headers: RequestHeaders) => void;

/** What tells callers from each other. */
interface Doorkeeper {
	readonly requireOperator: RequireOperator;
	/** Null: the caller holds no key that is known. @throws GatewayError for one that is blocked or expired */
	readOwnKey(headers: RequestHeaders): object | null;
}

/** Of a body; reading a longer one would hold up the calls that run. */
export const maxBodyBytes = 4 * 1024 * 1024;

const limit = bodyLimit({
	maxSize: maxBodyBytes,
	onError: () => {
		throw new GatewayError(
			"request_too_large",
			`The body must have at most ${maxBodyBytes} bytes.`,
		);
	},
});

type ManagedContext = Context<{
	Bindings: { headers: RequestHeaders };
	Variables: { format: Format };
}>;

/** Errors leave as GatewayError. */
export function addRoutes<E extends { headers: RequestHeaders }, State>(
	app: Hono<{ Bindings: E }>,
	routes: readonly ManagedRoute<State>[],
	state: State & Doorkeeper,
): void {
	for (const route of routes) {
		app.on(route.method, [route.path], ...toSteps<E, State>(route, state));
	}
}

/** Who may call, how much, what: in this order; then the answer. */
const toSteps = <E extends { headers: RequestHeaders }, State>(
	route: ManagedRoute<State>,
	state: State & Doorkeeper,
): MiddlewareHandler<{ Bindings: E }>[] => [
	async (c, next) => {
		const { headers } = c.env;
		const isHolder =
			route.for === "holder" && state.readOwnKey(headers) !== null;
		if (!isHolder) state.requireOperator(headers);
		await next();
	},
	async (c, next) => {
		// Before the body is read, which leaves nothing of the headers.
		const format = readFormat(c, route.list !== undefined);
		(c as unknown as ManagedContext).set("format", format);
		await next();
	},
	limit,
	...(route.body ? checkBody(route.body, route.mayBeEmpty ?? false) : []),
	...(route.query ? [checkQuery(route.query)] : []),
	async (c) => {
		try {
			return await answer(c as unknown as ManagedContext, route, state);
		} catch (error) {
			throw toAnswerable(error);
		}
	},
];

/** A list that is no JSON is whole, unless a page of it was asked for. */
async function answer<State>(
	c: ManagedContext,
	route: ManagedRoute<State>,
	state: State,
): Promise<Response> {
	const asked = toAsked(c, route);
	const { list, path } = route;
	const format = c.get("format");
	if (list === undefined || format === "json") {
		return c.json((await route.answer(asked, state)) as object);
	}
	const { member } = list;
	const pages = c.req.query("page") ? undefined : list.pages;
	const most = pages ? maxRows : (list.most ?? maxRows);
	return toListReply(
		pages?.(asked, state) ??
			onePage(route.answer(asked, state).then((one) => toRows(one, list))),
		{ format, path, member, most },
	);
}

const toAsked = (
	c: ManagedContext,
	{ path }: Pick<ManagedRoute<unknown>, "path">,
): Asked<never, never> => ({
	body: c.req.valid("json" as never),
	query: c.req.valid("query" as never),
	params: c.req.param() as Record<string, string>,
	headers: c.env.headers,
	action: path.slice(1),
});
