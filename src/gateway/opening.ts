import type { Entry } from "../domain/entry.ts";
import { type Labels, maskKeys, maxTags } from "../domain/labels.ts";
import { toLabels } from "./attribute.ts";
import type { OpenCall } from "./open-call.ts";
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

/** @param userHeader in lower case: one more header that may name the end user */
export function toOpening(call: OpenCall, userHeader: string | null): Opening {
	const { route, request, arrival, grant, scan } = call;
	const labels = toLabels(arrival.headers, scan?.findings ?? [], userHeader);
	return {
		family: route.family.name,
		method: request.method,
		path: clip(route.upstreamPath),
		payer: toPayer(call),
		keyId: grant?.keyId ?? null,
		userId: grant?.key?.userId ?? null,
		teamId: grant?.key?.teamId ?? null,
		endUser: labels.endUser,
		sessionId: labels.sessionId,
		agentId: labels.agentId,
		parentAgentId: labels.parentAgentId,
		tags: withKeyTags(labels.tags, grant?.key?.tags),
		metadata: toMetadata(labels),
		clientAddress: arrival.clientAddress,
		userAgent: labels.userAgent,
		requestedModel: call.model === null ? null : clip(call.model),
	};
}

/** The key's own come first: no client can crowd them out. */
function withKeyTags(
	tags: readonly string[],
	own: readonly string[] = [],
): readonly string[] {
	return own.length === 0
		? tags
		: [...new Set([...own, ...tags])].slice(0, maxTags);
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
function toMetadata(labels: Labels): string | null {
	const { deviceId, accountId, spendMetadata, lost } = labels;
	if (!deviceId && !accountId && !spendMetadata && !lost) return null;
	const others = JSON.stringify({
		...(deviceId && { device_id: deviceId }),
		...(accountId && { account_id: accountId }),
		...(lost && { lost_labels: lost }),
	});
	if (!spendMetadata) return others;
	const comma = others === "{}" ? "" : ",";
	return `{"spend_logs_metadata":${spendMetadata}${comma}${others.slice(1)}`;
}
