/** SHA-256 of bodies, where TOLLWAY_BODY_HASH is on: whoever kept a body can prove that it was this one. */
import { createHash } from "node:crypto";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

/** The next bytes as they were received, before anything is decoded or cut. */
export function hashRequest(
	bytes: Uint8Array,
	call: OpenCall,
	{ hashBodies }: Gateway,
): void {
	if (!hashBodies) return;
	call.requestHash ??= createHash("sha256");
	call.requestHash.update(bytes);
}

/** The next bytes as upstream sent them. */
export function hashReply(
	bytes: Uint8Array,
	call: OpenCall,
	{ hashBodies }: Gateway,
): void {
	if (!hashBodies) return;
	call.replyHash ??= createHash("sha256");
	call.replyHash.update(bytes);
}
