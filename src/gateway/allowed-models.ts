/** Whether a key may have the models that a call can reach. */
import type { Directory } from "../domain/directory.ts";
import { GatewayError } from "../domain/error.ts";
import { allowsModel, type VirtualKey } from "../domain/virtual-key.ts";
import { holdItem } from "./batches/hold.ts";
import type { OpenCall } from "./open-call.ts";
import { noteNamed } from "./owned/require-own.ts";
import type { Gateway } from "./pipeline.ts";
import type { Finding, Item } from "./scan/finding.ts";

/** Where a body names models that may run besides the one that it asks for. */
const hiddenSlots: ReadonlySet<string> = new Set([
	"fallback.model",
	"tool.model",
]);

const maxQuoted = 100;
const maxListed = 10;

/** A list of models that a call must keep to. */
interface ModelList {
	/** As a sentence begins: `This key`. */
	readonly whose: string;
	readonly models: readonly string[];
}

type Lists = Pick<Directory, "teams" | "users">;

/** Of the key, and of what it belongs to; without those that allow everything. */
function toLists(
	key: VirtualKey,
	{ teams, users }: Lists,
): readonly ModelList[] {
	const { teamId, userId } = key;
	const lists: ModelList[] = [{ whose: "This key", models: key.models }];
	if (teamId !== null) {
		const models = teams.byId(teamId)?.models ?? [];
		lists.push({ whose: `The team ${teamId} of this key`, models });
	} else if (userId !== null) {
		const models = users.byId(userId)?.models ?? [];
		lists.push({ whose: `The user ${userId} of this key`, models });
	}
	return lists.filter(({ models }) => models.length > 0);
}

/** Only a list that allows every model allows this one. */
const anyModel = "";

/** Whether a key may use certain models only. */
export const isListed = (key: VirtualKey, directory: Lists): boolean =>
	toLists(key, directory).some(({ models }) => !allowsModel(models, anyModel));

/** @throws GatewayError `model_not_allowed` */
export function requireModels(call: OpenCall, { authority }: Gateway): void {
	const { grant, route, scan, model, alias } = call;
	// The models of a batch stand in its items.
	if (!grant?.key || scan === null || route.family.body === "items") return;
	for (const list of toLists(grant.key, authority.directory)) {
		// A list may have the model or the operator's own name for it.
		const isNamed = alias !== null && allowsModel(list.models, alias);
		if (!isNamed) requireModel(list, model ?? "");
		requireHidden(list, scan.findings);
	}
}

/**
 * What looks at every item of a batch: whether it may be, and what it may cost. It throws GatewayError `model_not_allowed`
 * or `unknown_model`.
 */
export function toItemCheck(
	call: OpenCall,
	gateway: Gateway,
): (item: Item) => void {
	const key = call.grant?.key ?? null;
	const lists = key ? toLists(key, gateway.authority.directory) : [];
	return (item) => {
		for (const list of lists) {
			requireModel(list, item.model ?? "");
			requireHidden(list, item.findings);
		}
		noteModels(call, item);
		noteNamed(call, item.findings);
		holdItem(call, item, gateway);
	};
}

/** More than there are; they are kept with the batch. */
const maxModels = 100;

function noteModels(call: OpenCall, { model, findings }: Item): void {
	const named = toNamed(model ?? null, findings);
	const fresh = named.filter((one) => !call.batchModels.includes(one));
	if (fresh.length === 0) return;
	call.batchModels = [...new Set([...call.batchModels, ...fresh])];
	if (call.batchModels.length <= maxModels) return;
	throw new GatewayError(
		"malformed_request",
		`The requests of a batch may name ${maxModels} models together. Make several batches.`,
	);
}

function requireHidden(list: ModelList, findings: readonly Finding[]): void {
	for (const { slot, value } of findings) {
		if (hiddenSlots.has(slot)) requireModel(list, String(value));
		// `"fallbacks": "default"` leaves the choice to upstream.
		else if (slot === "call.fallbacks" && !allowsModel(list.models, anyModel)) {
			throw new GatewayError(
				"model_not_allowed",
				`${list.whose} may use certain models only, and "fallbacks": "default" lets upstream choose any. Name the fallbacks instead.`,
			);
		}
	}
}

function requireModel({ whose, models }: ModelList, model: string): void {
	if (allowsModel(models, model)) return;
	const listed = models.slice(0, maxListed).join(", ");
	const more = models.length > maxListed ? ", …" : "";
	throw new GatewayError(
		"model_not_allowed",
		`${whose} may not use the model ${JSON.stringify(model.slice(0, maxQuoted))}. It may use: ${listed}${more}. Ask the gateway's operator for more.`,
	);
}

/** Every model that the call names. */
export function toModels({ model, scan }: OpenCall): readonly string[] {
	return toNamed(model, scan?.findings ?? []);
}

function toNamed(
	model: string | null,
	findings: readonly Finding[],
): readonly string[] {
	const models = model === null ? [] : [model];
	for (const { slot, value } of findings) {
		if (hiddenSlots.has(slot)) models.push(String(value));
	}
	return models;
}
