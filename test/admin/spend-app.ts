import { Hono } from "hono";
import { customerRoutes } from "../../src/admin/customers.ts";
import { toHash } from "../../src/admin/make-key.ts";
import { addRoutes } from "../../src/admin/route.ts";
import type { AdminState } from "../../src/admin/state.ts";
import { reportRoutes } from "../../src/app/managed-routes.ts";
import type { Directory } from "../../src/domain/directory.ts";
import { GatewayError } from "../../src/domain/error.ts";
import type { Nanos } from "../../src/domain/nanos.ts";
import type { Team } from "../../src/domain/people.ts";
import type { VirtualKey } from "../../src/domain/virtual-key.ts";
import { toErrorReply } from "../../src/gateway/error-reply.ts";
import { toUpstreamError } from "../../src/gateway/forward.ts";
import { meterWhole } from "../../src/gateway/meter/meter.ts";
import { toStoredUsage } from "../../src/gateway/recharge.ts";
import type { RequestHeaders } from "../../src/platform/contract.ts";
import type { UnknownModel } from "../../src/pricing/catalog.ts";
import { openModelMatch } from "../../src/pricing/model-match.ts";
import { openPrices } from "../../src/pricing/open-prices.ts";
import type { OpenDirectory } from "../../src/store/directory.ts";
import type { Engine } from "../../src/store/engine.ts";
import { compileQueries } from "../../src/store/queries.ts";
import { readSpent } from "../../src/store/read-spent.ts";
import { openShelf } from "../../src/store/shelf.ts";
import type { TestStore } from "../store/engines.ts";
import { toCompiler } from "../store/fill.ts";

export interface SpendAppOptions {
	readonly nowMs: number;
	/** What its engine does instead. */
	readonly engine?: Partial<Engine>;
	readonly maxBudget?: Nanos | null;
	readonly unknownModel?: UnknownModel;
	/** Whom there is, by what is presented. */
	readonly keys?: Readonly<Record<string, Partial<VirtualKey>>>;
	readonly teams?: readonly Partial<Team>[];
}

export interface Answer {
	readonly status: number;
	// biome-ignore lint/suspicious/noExplicitAny: whatever JSON the route answers; each test looks at what it wants
	readonly body: any;
}

/** Keys whose id is what is presented. */
function openTestDirectory({ keys = {}, teams = [] }: SpendAppOptions) {
	const toShelf = (items: readonly object[]) => ({
		byId: (id: string) =>
			items.find((one) => "id" in one && one.id === id) ?? null,
		byAlias: (alias: string) =>
			items.find((one) => "alias" in one && one.alias === alias) ?? null,
		list: () => items,
		find: (hash: string) =>
			items.find((one) => "id" in one && toHash(String(one.id)) === hash) ??
			null,
	});
	const all = Object.entries(keys).map(([id, key]) => ({
		id,
		alias: null,
		userId: null,
		teamId: null,
		...key,
	}));
	return {
		keys: toShelf(all),
		teams: toShelf(teams.map((team) => ({ members: [], name: null, ...team }))),
		users: toShelf([]),
		customers: openShelf(),
	} as unknown as Pick<Directory, "keys" | "teams" | "users" | "customers">;
}

function openEmptyApp() {
	const app = new Hono<{ Bindings: { headers: RequestHeaders } }>();
	app.onError((error, c) => {
		const isOurs = error instanceof GatewayError;
		if (!isOurs) return c.text(String(error), 500);
		return toErrorReply(error, "0-0", "management");
	});
	return app;
}

const requireOperator = ({ authorization }: RequestHeaders): void => {
	if (authorization === "Bearer sk-master") return;
	throw new GatewayError("invalid_key", "Only the operator may see this.");
};

/** Neither upstream nor a gateway. */
const alone = {
	estimate: () => Promise.reject(new Error("no gateway here")),
	reprice: () => Promise.reject(new Error("this app writes nothing")),
	upstreamUrl: "https://api.anthropic.com",
	reports: {
		url: "https://api.anthropic.com",
		credential: null,
		userAgent: "test",
		fetch: () => Promise.reject(new Error("no network here")),
		toFailure: toUpstreamError,
	},
};

/** The routes as the app has them, but for the guard in front of it. */
export function openSpendApp(store: TestStore, options: SpendAppOptions) {
	const { catalog } = openPrices({
		path: null,
		factor: "1",
		unknownModel: options.unknownModel ?? "dearest",
	});
	const app = openEmptyApp();
	const engine = { ...store.engine, ...options.engine };
	const queries = compileQueries(...toCompiler(store));
	const clock = { now: () => options.nowMs, monotonic: () => 0 };
	const directory = openTestDirectory(options);
	const readOwnKey = ({ authorization = "" }: RequestHeaders) =>
		directory.keys.byId(authorization.replace("Bearer ", ""));
	const ledger = { flush: async () => {} };
	addRoutes(app, reportRoutes, {
		directory,
		readOwnKey,
		engine,
		queries,
		catalog,
		clock,
		meter: meterWhole,
		...alone,
		isMasterKey: (key) => key === "sk-master",
		toStoredUsage,
		maxBudget: () => options.maxBudget ?? null,
		requireOperator,
		flush: ledger.flush,
	});
	const models = openModelMatch(catalog, clock.now);
	const state: Partial<AdminState> &
		Pick<AdminState, "requireOperator" | "readOwnKey"> = {
		engine,
		queries,
		clock,
		requireOperator,
		directory: directory as OpenDirectory,
		readOwnKey,
		readSpent: (limit, sinceMs) =>
			readSpent({ engine, queries, ledger, models }, limit, { sinceMs }),
	};
	addRoutes(app, customerRoutes, state as AdminState);
	const ask = async (
		path: string,
		init: RequestInit = {},
		key = "sk-master",
	) => {
		const reply = await app.request(path, init, {
			headers: { authorization: `Bearer ${key}` },
		});
		const text = await reply.text();
		const isJson = reply.headers.get("content-type")?.includes("json");
		return { status: reply.status, body: isJson ? JSON.parse(text) : text };
	};
	return {
		ask: ask as (...asked: Parameters<typeof ask>) => Promise<Answer>,
		get: async (
			path: string,
			query: Readonly<Record<string, string>> = {},
			key?: string,
		): Promise<Answer> => ask(`${path}?${new URLSearchParams(query)}`, {}, key),
		post: async (path: string, body: unknown): Promise<Answer> =>
			ask(path, {
				method: "POST",
				body: typeof body === "string" ? body : JSON.stringify(body),
			}),
	};
}
