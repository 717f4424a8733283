/** Hands a reply on chunk by chunk. Cut short by upstream, it ends without a last chunk: never a forged end. */
import { openSessionTap } from "./agent-sessions/tap.ts";
import { isBulk } from "./families.ts";
import { clientLeft } from "./flights.ts";
import { hashReply } from "./hash-bodies.ts";
import type { Meter } from "./meter/meter.ts";
import { type Observer, observe } from "./observe.ts";
import {
	finishCall,
	hearLeave,
	moveCall,
	type OpenCall,
	toEnd,
} from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import { settle } from "./settle.ts";

export function relayStream(
	body: ReadableStream<Uint8Array>,
	call: OpenCall,
	gateway: Gateway,
): ReadableStream<Uint8Array> {
	hearLeave(call);
	const { signal } = call.controller;
	const bulk = isBulk(call.route, call.request.method);
	const gate = call.meter && openGate(call.meter, call, gateway);
	const tap = openSessionTap(call, gateway);
	let handedOn: Uint8Array | null = null;
	const observer: Observer = {
		wanted: () => {
			if (handedOn) gateway.releaseChunk(handedOn);
			handedOn = null;
			moveCall(call, "upstream", gateway);
		},
		chunk: (bytes) => {
			if (bulk) handedOn = bytes;
			call.replyBytes += bytes.length;
			hashReply(bytes, call, gateway);
			moveCall(call, "client", gateway);
			tap?.(bytes);
			return gate === null ? bytes : gate.pass(bytes);
		},
		behind: () => gate?.behind(),
		ended: () => {
			const rest = gate?.end();
			if (rest instanceof Promise) {
				return rest.then((held) => {
					finishCall(call, "done", gateway);
					return held;
				});
			}
			finishCall(call, "done", gateway);
			return rest;
		},
		broken: (how, cause) => {
			const reason = signal.aborted ? signal.reason : cause;
			const end = how === "reader" ? "client_left" : toEnd(reason);
			// A reader that leaves is no fault of anybody.
			finishCall(call, end, gateway, how === "reader" ? null : reason);
			call.controller.abort(clientLeft);
		},
	};
	return observe(body, observer, signal);
}

/** An end that grows beyond this is let go as soon as the call is on the ledger, whole or not. */
const maxHeldBytes = 1024 * 1024;

/**
 * Whoever has seen the end of a reply can find it on the ledger: the event that ends it, and all behind it, waits until
 * the call is written down. Nothing before it waits for anything.
 */
function openGate(meter: Meter, call: OpenCall, gateway: Gateway) {
	let settled = false;
	let held: Uint8Array[] = [];
	let heldBytes = 0;
	let writing: Promise<Uint8Array> | undefined;
	const hold = (bytes: Uint8Array) => {
		// The chunk is the runtime's, and may be used again.
		held.push(bytes.slice());
		heldBytes += bytes.length;
	};
	const takeHeld = (): Uint8Array => {
		const bytes = Buffer.concat(held);
		held = [];
		return bytes;
	};
	const write = (): Promise<Uint8Array> | undefined => {
		settled = true;
		const settling = settle(call, "done", gateway, meter.result());
		return settling?.then(takeHeld);
	};
	return {
		/** What may be handed on now; it may be empty. */
		pass(bytes: Uint8Array): Uint8Array {
			if (settled) return bytes;
			const free = meter.push(bytes);
			if (free === bytes.length) return bytes;
			const isEnd = meter.isOver() || heldBytes > maxHeldBytes;
			if (isEnd) writing = write();
			if (isEnd && writing === undefined) {
				return held.length === 0 ? bytes : Buffer.concat([takeHeld(), bytes]);
			}
			// Should the client leave, nobody waits for it any more; `onLost` has the Entry then.
			writing?.catch(() => {});
			hold(bytes.subarray(free));
			return bytes.subarray(0, free);
		},
		/** What was held, once the call is written down; rejects when it could not be. */
		behind(): Promise<Uint8Array> | undefined {
			const waiting = writing;
			writing = undefined;
			return waiting;
		},
		/** Upstream has no more. */
		end(): Uint8Array | Promise<Uint8Array> {
			if (settled) return takeHeld();
			meter.end();
			return write() ?? takeHeld();
		},
	};
}
