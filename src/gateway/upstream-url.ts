import type { Route } from "./families.ts";
import { messagesPath } from "./families.ts";
import type { Gateway } from "./pipeline.ts";

/**
 * Where the route leads, without a query. By string, never by `new URL(path, base)`: a path that starts with `//` would
 * replace the host. The everyday one is the same text for all calls.
 */
export const toUpstreamUrl = (
	{ upstreamPath }: Route,
	{ upstreamUrl, messagesUrl }: Pick<Gateway, "upstreamUrl" | "messagesUrl">,
): string =>
	upstreamPath === messagesPath ? messagesUrl : upstreamUrl + upstreamPath;
