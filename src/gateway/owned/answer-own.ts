/** Replies to calls of owned families: what is made gets its owner, what is deleted loses it, lists show one's own. */
import { StoreError } from "../../store/engine.ts";
import { ledgerDown } from "../ledger-down.ts";
import type { OpenCall } from "../open-call.ts";
import type { Gateway } from "../pipeline.ts";
import { answerWhole, isReadWhole, relayReply } from "../relay-reply.ts";
import { listOwn, readPlain } from "./list-own.ts";
import { forgetOwner, recordCreated } from "./record-owner.ts";
import type { OwnCall } from "./require-own.ts";

/** Rejects with GatewayError, or with the runtime's own error when upstream breaks off. */
export async function answerOwn(
	reply: Response,
	own: OwnCall,
	call: OpenCall,
	gateway: Gateway,
): Promise<Response> {
	const { does, owner, place } = own;
	const { kind, id } = place;
	if (reply.ok && does === "delete" && id !== null) {
		await forgetOwner({ kind, id }, gateway);
	}
	const isLooked = does === "list" || does === "create";
	if (!reply.ok || !isLooked || owner === null) {
		return isReadWhole(reply, call)
			? answerWhole(await reply.bytes(), reply, call, gateway)
			: relayReply(reply, call, gateway);
	}
	// How long the list is says how much others have.
	if (call.request.method === "HEAD") {
		return relayReply(withoutLength(reply), call, gateway);
	}
	const plain = await readPlain(reply);
	if (does === "create") {
		await recordCreated(plain, { kind, owner }, call, gateway);
		return answerBytes(plain, reply, call, gateway);
	}
	try {
		const listed = await listOwn(plain, { kind, owner }, call, gateway);
		return answerBytes(listed, reply, call, gateway);
	} catch (error) {
		throw error instanceof StoreError ? ledgerDown(error) : error;
	}
}

function answerBytes(
	bytes: Uint8Array<ArrayBuffer>,
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Response | Promise<Response> {
	const { status, headers } = withoutLength(reply);
	headers.delete("content-encoding");
	headers.set("content-length", String(bytes.length));
	return answerWhole(
		bytes,
		new Response(null, { status, headers }),
		call,
		gateway,
	);
}

/** Nor does what stands for its bytes hold any more. */
function withoutLength({ status, headers }: Response): Response {
	const own = new Headers(headers);
	for (const name of ["content-length", "etag", "content-md5", "digest"]) {
		own.delete(name);
	}
	return new Response(null, { status, headers: own });
}
