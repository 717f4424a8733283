import type { Entry } from "../domain/entry.ts";
import { type Labels, maskKeys, maxTags } from "../domain/labels.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { toLabels } from "./attribute.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import { firstOf } from "./scan/finding.ts";

/** What an Entry has from its call's beginning. */
export type Opening = Pick<
	Entry,
	| "family"
	| "method"
	| "path"
	| "payer"
	| "keyId"
	| "userId"
	| "teamId"
	| "endUser"
	| "sessionId"
	| "agentId"
	| "parentAgentId"
	| "tags"
	| "metadata"
	| "clientAddress"
	| "userAgent"
	| "requestedModel"
>;

export function toOpening(call: OpenCall, gateway: Gateway): Opening {
	const { route, request, arrival, grant, scan } = call;
	const { userHeader, authority } = gateway;
	const labels = toLabels(arrival.headers, scan?.findings ?? [], userHeader);
	const key = grant?.key ?? null;
	return {
		family: route.family.name,
		method: request.method,
		path: clip(route.upstreamPath),
		payer: toPayer(call),
		keyId: grant?.keyId ?? null,
		userId: key?.userId ?? null,
		teamId: key?.teamId ?? null,
		endUser: labels.endUser,
		sessionId: labels.sessionId,
		agentId: labels.agentId,
		parentAgentId: labels.parentAgentId,
		tags: key === null ? labels.tags : withOwn(labels.tags, key, authority),
		metadata: toMetadata(labels, call.alias),
		clientAddress: arrival.clientAddress,
		userAgent: labels.userAgent,
		requestedModel: call.model === null ? null : clip(call.model),
	};
}

/** The key's own and its team's come first: no client can crowd them out. */
function withOwn(
	tags: readonly string[],
	key: VirtualKey,
	{ directory }: Gateway["authority"],
): readonly string[] {
	const team = key.teamId === null ? null : directory.teams.byId(key.teamId);
	if (key.tags.length === 0 && !team?.tags.length) return tags;
	const all = new Set([...key.tags, ...(team?.tags ?? []), ...tags]);
	return [...all].slice(0, maxTags);
}

/** Clients write paths and models as they like. */
const maxLength = 256;
const clip = (text: string) => {
	const masked = maskKeys(text);
	return masked.length > maxLength ? masked.slice(0, maxLength) : masked;
};

function toPayer({ grant, scan }: OpenCall): Entry["payer"] {
	const billed = scan && firstOf(scan.findings, "billingPolicy.bill_to");
	return billed === "user_profile" ? billed : (grant?.payer ?? "operator");
}

/** Labels without a column, as compact JSON; null where there are none. */
function toMetadata(labels: Labels, alias: string | null): string | null {
	const { deviceId, accountId, spendMetadata, lost } = labels;
	if (!deviceId && !accountId && !spendMetadata && !lost && alias === null) {
		return null;
	}
	const others = JSON.stringify({
		...(alias !== null && { model_alias: clip(alias) }),
		...(deviceId && { device_id: deviceId }),
		...(accountId && { account_id: accountId }),
		...(lost && { lost_labels: lost }),
	});
	if (!spendMetadata) return others;
	const comma = others === "{}" ? "" : ",";
	return `{"spend_logs_metadata":${spendMetadata}${comma}${others.slice(1)}`;
}
