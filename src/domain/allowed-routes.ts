/** What `allowed_routes` of a key lets it call, in LiteLLM's words. */
import { fits } from "./virtual-key.ts";

/** Names of groups: whether they hold the calls that go to Anthropic. The others are groups of management routes. */
const groups = new Map<string, (path: string) => boolean>([
	["llm_api_routes", () => true],
	["anthropic_routes", () => true],
	["openai_routes", (path) => path === "/v1/chat/completions"],
	["management_routes", () => false],
	["info_routes", () => false],
	["spend_tracking_routes", () => false],
	["global_spend_tracking_routes", () => false],
]);

/** `everything`: no list, or a group. `by name`: a path, prefix or wildcard of the list is this very route. */
export type RouteGrant = "everything" | "by name" | "nothing";

export function toRouteGrant(
	allowed: readonly string[],
	{
		mount,
		upstreamPath,
	}: { readonly mount: string; readonly upstreamPath: string },
): RouteGrant {
	if (allowed.length === 0) return "everything";
	const names = [mount + upstreamPath, upstreamPath];
	if (allowed.some((one) => names.some((path) => isNamed(one, path)))) {
		return "by name";
	}
	return allowed.some((one) => groups.get(one)?.(upstreamPath))
		? "everything"
		: "nothing";
}

/** A path, or one that it begins with, or a wildcard. */
const isNamed = (pattern: string, path: string): boolean =>
	pattern.startsWith("/") &&
	(fits(pattern, path) || path.startsWith(`${pattern.replace(/\/$/, "")}/`));

/** What `key_type` stands for. */
export const routesByType: Readonly<Record<string, readonly string[]>> = {
	default: [],
	llm_api: ["llm_api_routes"],
	management: ["management_routes"],
	read_only: ["info_routes"],
};
