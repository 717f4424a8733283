/**
 * The endpoint families of the Anthropic API, as a table. It says how a call is handled, never whether a path exists: an
 * unknown path is forwarded as `unknown`, because the API grows weekly.
 */

import type { MeterKind } from "./meter/meter.ts";

export type FamilyName =
	| "messages"
	| "count_tokens"
	| "batches"
	| "batch_results"
	| "chat_completions"
	| "models"
	| "files"
	| "skills"
	| "resources"
	| "background"
	| "oauth"
	| "admin"
	| "unknown";

export interface Family {
	readonly name: FamilyName;
	/** `scan`: read whole, checked, tabled members cut. `items`: the same, or streamed through the scanner above that size. `stream`: not looked at. */
	readonly body: "scan" | "items" | "stream";
	/** Which of the configured size limits holds. */
	readonly limit: "messages" | "batches" | "files" | "other";
	/** Its replies carry usage: asked for unencoded, a plain JSON reply is read whole. */
	readonly metered: boolean;
	/** The form in which its replies say what was used, and paid for; null: its calls cost nothing by themselves. */
	readonly meter: MeterKind | null;
	/** A write starts paid work that no reply tells the cost of, or may do so. */
	readonly unpriced: boolean;
	/** Its replies say what sessions of managed agents have cost so far. */
	readonly listCosts: boolean;
	/**
	 * `owned`: a virtual key sees what it has made itself, or others of its team or user (owned/). `named`: what one caller made
	 * there others can see, so a virtual key comes there only if its `allowed_routes` names it. `admin`: the company's own administration and credentials; closed unless the operator opens it to the master key.
	 */
	readonly access: "open" | "owned" | "named" | "admin";
	/** `none`: no credential of ours goes along (token exchange brings its own proof). */
	readonly credential: "ours" | "none";
	/** Members of the body that are native here although they are ours elsewhere. */
	readonly native?: readonly string[];
	/** Replies may hold `results_url`, an absolute address that would lead the client past us. */
	readonly resultsUrl: boolean;
	/** A GET may bring a file of any length. */
	readonly bulk: boolean;
}

const plain = {
	body: "stream",
	limit: "other",
	metered: false,
	meter: null,
	unpriced: false,
	listCosts: false,
	access: "open",
	credential: "ours",
	resultsUrl: false,
	bulk: false,
} as const;

const owned = { ...plain, access: "owned" } as const;

const messages = { ...plain, body: "scan", limit: "messages" } as const;

export const families: { readonly [Name in FamilyName]: Family } = {
	messages: {
		...messages,
		name: "messages",
		metered: true,
		meter: "messages",
	},
	count_tokens: { ...messages, name: "count_tokens", metered: true },
	chat_completions: {
		...messages,
		name: "chat_completions",
		metered: true,
		meter: "chat_completions",
		native: ["user", "tags"],
	},
	batches: {
		...owned,
		name: "batches",
		body: "items",
		limit: "batches",
		resultsUrl: true,
	},
	batch_results: { ...owned, name: "batch_results", bulk: true },
	models: { ...plain, name: "models" },
	files: { ...owned, name: "files", limit: "files", bulk: true },
	skills: { ...owned, name: "skills", limit: "files", bulk: true },
	resources: { ...owned, name: "resources" },
	background: { ...plain, access: "named", name: "background", unpriced: true },
	oauth: { ...plain, name: "oauth", credential: "none" },
	admin: { ...plain, name: "admin", access: "admin" },
	unknown: { ...plain, name: "unknown", unpriced: true, bulk: true },
};

/** Background work whose replies say what it has cost. */
const sessions: Family = {
	...families.background,
	metered: true,
	listCosts: true,
};

/** First path segment below `/v1/` → family. `messages` and `chat` are told apart below. */
const bySegment: ReadonlyMap<string, Family> = new Map([
	["messages", families.messages],
	["chat", families.chat_completions],
	["models", families.models],
	["files", families.files],
	["skills", families.skills],
	["containers", families.resources],
	["memory_stores", families.resources],
	["environments", families.resources],
	["user_profiles", families.resources],
	["agents", families.background],
	["sessions", sessions],
	["deployments", families.background],
	["deployment_runs", families.background],
	["dreams", families.background],
	["oauth", families.oauth],
	["organizations", families.admin],
	["compliance", families.admin],
	["tunnels", families.admin],
	["vaults", families.admin],
	["complete", families.unknown],
]);

export interface Route {
	readonly family: Family;
	/** Where the client mounted the API: `/anthropic` or empty. */
	readonly mount: "/anthropic" | "";
	/** Path on the upstream. */
	readonly upstreamPath: string;
}

export const messagesPath = "/v1/messages";

const fastRoutes: ReadonlyMap<string, Route> = new Map(
	(["/anthropic", ""] as const).map((mount) => [
		mount + messagesPath,
		{ family: families.messages, mount, upstreamPath: messagesPath },
	]),
);

/** Whether this is where nearly all calls go: `/v1/messages`, on either mount. */
export const isEveryday = (path: string): boolean => fastRoutes.has(path);

/** @param path canonical path below the mount of the process; it must start with `/anthropic/` or `/v1/` */
export function toRoute(path: string): Route {
	const known = fastRoutes.get(path);
	if (known) return known;
	const mount = path.startsWith("/anthropic/") ? "/anthropic" : "";
	const upstreamPath = toUpstreamPath(path.slice(mount.length));
	return { family: toFamily(upstreamPath), mount, upstreamPath };
}

/** Clients misspell the base URL: `…/v1` gives `/v1/v1/messages`, the AI SDK without it `/anthropic/messages`. */
function toUpstreamPath(path: string): string {
	let rest = path;
	while (rest.startsWith("/v1/v1/")) rest = rest.slice(3);
	const segment = rest.split("/", 2)[1] ?? "";
	return bySegment.has(segment) ? `/v1${rest}` : rest;
}

function toFamily(path: string): Family {
	const [, version, first = "", second, third] = path.split("/", 5);
	if (version !== "v1") return families.unknown;
	if (first === "messages") return toMessagesFamily(path, second);
	if (first === "chat") {
		const exact = second === "completions" && third === undefined;
		return exact ? families.chat_completions : families.unknown;
	}
	return bySegment.get(first) ?? toLookalike(first, second) ?? families.unknown;
}

/** `Files`, `files;x`: should upstream take it for `files`, it is closed as that is. */
function toLookalike(
	segment: string,
	second: string | undefined,
): Family | undefined {
	const [word = ""] = segment.toLowerCase().split(/[^a-z_]/, 1);
	if (word === "messages") {
		return isLikeBatches(second) ? families.batches : undefined;
	}
	const family = bySegment.get(word);
	return family === undefined || family.access === "open" ? undefined : family;
}

const isLikeBatches = (segment: string | undefined): boolean =>
	segment?.toLowerCase().startsWith("batches") === true;

function toMessagesFamily(path: string, second: string | undefined): Family {
	if (second === "batches") {
		const ofResults = path.endsWith("/results");
		return ofResults ? families.batch_results : families.batches;
	}
	if (path === "/v1/messages/count_tokens") return families.count_tokens;
	if (isLikeBatches(second)) return families.batches;
	return second === undefined ? families.messages : families.unknown;
}

/** Whether the reply may be a file of any length. */
export const isBulk = ({ family }: Route, method: string): boolean =>
	family.bulk && method === "GET";
