/** Other names for models: the one value of a body that is ever changed, and only where an operator has given the name. */
import type { Splice } from "./body.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import type { Scan } from "./scan/finding.ts";

/** What takes the place of the model's name; null: nothing. Notes in the call both names. */
export function rename(
	call: OpenCall,
	{ model, findings }: Scan,
	gateway: Gateway,
): Splice | null {
	if (model === undefined) return null;
	const target = findTarget(call, model, gateway);
	if (target === undefined) return null;
	const place = findings.find(({ slot }) => slot === "call.model");
	if (place === undefined) return null;
	call.alias = model;
	call.model = target;
	const { start, end } = place;
	return { start, end, by: Buffer.from(JSON.stringify(target)) };
}

/** The key's own word first, then its team's, then the gateway's. */
function findTarget(
	{ grant }: OpenCall,
	model: string,
	{ modelAliases, authority }: Gateway,
): string | undefined {
	const key = grant?.key;
	const teamId = key?.teamId ?? null;
	const team = teamId === null ? null : authority.directory.teams.byId(teamId);
	return (
		own(key?.aliases, model) ??
		own(team?.modelAliases, model) ??
		own(modelAliases, model)
	);
}

/** Clients name models, and a name may be one that every object has. */
const own = (
	aliases: Readonly<Record<string, string>> | undefined,
	name: string,
): string | undefined =>
	aliases !== undefined && Object.hasOwn(aliases, name)
		? aliases[name]
		: undefined;
