/** Where a caller may not come although it is known who calls. */
import { toRouteGrant } from "../domain/allowed-routes.ts";
import { GatewayError } from "../domain/error.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { isListed } from "./allowed-models.ts";
import type { Authority } from "./authenticate.ts";
import type { Route } from "./families.ts";

/** Why nobody comes here; null: it is open. */
export function toClosed(
	{ family }: Route,
	{ masterDigest, adminApi }: Authority,
): GatewayError | null {
	const isOpen = masterDigest !== null && adminApi;
	return family.access === "admin" && !isOpen ? closed() : null;
}

const readers: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Why the holder of this key may not come here, though it is known who calls; null: it may. */
export function toForbidden(
	route: Route,
	key: VirtualKey,
	{ method, hasBudget, directory }: Authority & { readonly method: string },
): GatewayError | null {
	const { family } = route;
	if (family.access === "admin") return closed();
	const grant = toRouteGrant(key.allowedRoutes, route);
	if (grant === "nothing") return routeNotAllowed(key);
	if (family.access === "named" && grant !== "by name") return notNamed(route);
	if (readers.has(method)) return null;
	if (!family.unpriced || grant === "by name") return null;
	if (hasBudget(key)) return notPriced(route);
	// Its body is not looked at, and may name any model.
	return isListed(key, directory) ? notJudged(route) : null;
}

const notJudged = ({ upstreamPath }: Route) =>
	new GatewayError(
		"forbidden",
		`Tollway cannot tell which model ${upstreamPath} would use, and this gateway key may use certain models only. The gateway's operator can allow it by naming the path in the key's allowed_routes.`,
	);

const notPriced = ({ upstreamPath }: Route) =>
	new GatewayError(
		"forbidden",
		`Tollway cannot tell what ${upstreamPath} costs, and this gateway key has a budget. The gateway's operator can allow it by naming the path in the key's allowed_routes.`,
	);

const routeNotAllowed = ({ allowedRoutes }: VirtualKey) =>
	new GatewayError(
		"forbidden",
		`This gateway key may only call: ${allowedRoutes.join(", ")}. Ask the gateway's operator for more.`,
	);

const notNamed = ({ upstreamPath }: Route) =>
	new GatewayError(
		"forbidden",
		`Through ${upstreamPath} a gateway key would reach what others of this account have made. The gateway's operator can allow it by naming the path in the key's allowed_routes.`,
	);

const closed = () =>
	new GatewayError(
		"forbidden",
		"Anthropic's administration endpoints are closed on this gateway. Its operator can open them to the master key with TOLLWAY_ADMIN_API=on.",
	);
