/** Whose a thing is, written down before its maker hears of it; and forgotten when it is gone. */
import type { OwnedObject } from "../../store/owners.ts";
import { notRecorded } from "../ledger-down.ts";
import { parseJson, toObject, toText } from "../meter/json.ts";
import type { OpenCall } from "../open-call.ts";
import { persist } from "../persist.ts";
import type { Gateway } from "../pipeline.ts";
import { safeId } from "./places.ts";
import { toTenant } from "./tenant.ts";

/**
 * @param reply upstream's answer to the creation, decoded
 * @throws GatewayError `ledger_down` when five seconds did not do; the operator has been told of it then
 */
export async function recordCreated(
	reply: Uint8Array,
	{ kind, owner }: { readonly kind: string; readonly owner: string },
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	const id = toText(toObject(parseJson(new TextDecoder().decode(reply)))?.id);
	if (id === null || !safeId.test(id)) {
		gateway.onOwnerFault({ kind, id: "?" }, owner, "it was made without an id");
		return;
	}
	try {
		await add({ kind, id }, owner, call, gateway);
	} catch (error) {
		gateway.onOwnerFault({ kind, id }, owner, error);
		throw notRecorded(error);
	}
}

/**
 * The container in which upstream ran code for the call. Never rejects: the reply is paid for. What could not be written
 * down the operator is told, and only the master key sees it.
 */
export async function recordContainer(
	id: string,
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	const owner = call.grant && toTenant(call.grant);
	if (owner === null || !safeId.test(id)) return;
	const container = { kind: "containers", id };
	try {
		await add(container, owner, call, gateway);
	} catch (error) {
		gateway.onOwnerFault(container, owner, error);
	}
}

const add = (
	object: OwnedObject,
	owner: string,
	{ startedAtMs }: OpenCall,
	gateway: Gateway,
) => persist(() => gateway.owners.add([object], owner, startedAtMs), gateway);

/** Upstream has deleted it. A row that stays does no harm: no id comes back. Never rejects. */
export async function forgetOwner(
	object: OwnedObject,
	gateway: Gateway,
): Promise<void> {
	try {
		await gateway.owners.remove(object);
	} catch (error) {
		gateway.onOwnerFault(object, null, error);
	}
}
