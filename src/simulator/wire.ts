import type { ServerResponse } from "node:http";
import type { OpenExchange } from "./exchange.ts";
import { type Protocol, startByHand } from "./hand-framing.ts";
import type { Ending } from "./record.ts";

/** The sending half of one exchange: whatever goes through it is recorded, and it knows when the client has left. */
export interface Wire {
	/** The reply has ended, however. Nothing more can be sent. */
	readonly ended: boolean;
	/** The head goes out at once with `flush`, else together with the first bytes of the body. */
	head(head: ReplyHead, flush: boolean): void;
	/** Resolves when the client's side has room again, or is gone. */
	write(bytes: Uint8Array): Promise<void> | undefined;
	end(bytes?: Uint8Array): void;
	/** Bytes past all framing; the record does not show them as body. */
	writeRaw(bytes: Uint8Array): void;
	/** FIN after everything written so far. */
	hangUp(how: Ending): void;
	/** RST. */
	reset(): void;
	/** Calls back once, when the client has left or the reply has ended; returns how to unsubscribe. */
	onEnded(listener: () => void): () => void;
}

export interface ReplyHead {
	status: number;
	rawHeaders: readonly string[];
	/** Written on the socket itself, for replies that break the rules; the runtime then frames nothing. */
	byHand?: Protocol;
}

/** Where body bytes go: the runtime's response, or the socket. */
export interface Sender {
	write(bytes: Uint8Array): boolean;
	end(bytes?: Uint8Array): void;
	once(event: "drain", listener: () => void): unknown;
}

export function openWire(
	response: ServerResponse,
	exchange: OpenExchange,
): Wire {
	const { onEnded, finish } = watchEnd(response, exchange);
	let sender: Sender = response;
	const isEnded = () => exchange.end !== null;
	return {
		get ended() {
			return isEnded();
		},
		onEnded,
		head({ status, rawHeaders, byHand }, flush) {
			if (isEnded()) return;
			exchange.sentHead(status, rawHeaders);
			if (byHand !== undefined) {
				const head = { protocol: byHand, status, rawHeaders };
				sender = startByHand(response, head, () => finish("finished"));
				return;
			}
			response.writeHead(status, [...rawHeaders]);
			if (flush) response.flushHeaders();
		},
		write(bytes) {
			if (isEnded()) return undefined;
			exchange.sentBody(bytes);
			return sender.write(bytes) ? undefined : drained(sender, onEnded);
		},
		end(bytes) {
			if (isEnded()) return;
			if (bytes !== undefined) exchange.sentBody(bytes);
			sender.end(bytes);
		},
		writeRaw(bytes) {
			if (!isEnded()) response.socket?.write(bytes);
		},
		hangUp(how) {
			const { socket } = response;
			finish(how);
			socket?.end();
		},
		reset() {
			const { socket } = response;
			finish("aborted-by-script");
			socket?.resetAndDestroy();
		},
	};
}

/** Settles the exchange when its reply is done or its client gone, and then tells whoever wants to know. */
function watchEnd(response: ServerResponse, exchange: OpenExchange) {
	const listeners = new Set<() => void>();
	const finish = (how: Ending) => {
		exchange.ended(how);
		for (const listener of listeners) listener();
		listeners.clear();
	};
	response.once("finish", () => finish("finished"));
	response.once("close", () => finish("client-gone"));
	// "close" follows and is what counts; without a listener the error would end the process.
	response.on("error", leaveItToClose);
	const onEnded: Wire["onEnded"] = (listener) => {
		if (exchange.end !== null) listener();
		else listeners.add(listener);
		return () => listeners.delete(listener);
	};
	return { finish, onEnded };
}

/** A torn connection is an ordinary end here: the close event settles the exchange. */
export function leaveItToClose(): void {}

function drained(sender: Sender, onEnded: Wire["onEnded"]): Promise<void> {
	return new Promise((resolve) => {
		const forget = onEnded(resolve);
		sender.once("drain", () => {
			forget();
			resolve();
		});
	});
}

/** Resolves after `ms`, at once when the client leaves. */
export function pause(ms: number, { onEnded }: Pick<Wire, "onEnded">) {
	return new Promise<void>((resolve) => {
		const timer = setTimeout(() => {
			forget();
			resolve();
		}, ms);
		const forget = onEnded(() => {
			clearTimeout(timer);
			resolve();
		});
	});
}
