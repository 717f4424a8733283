/** A client that leaves at a byte. */
import type { Socket } from "node:net";
import { leave, openSocket } from "../soak/raw-call.ts";
import { sleep } from "../soak/wait.ts";
import type { Disconnect } from "./disconnect-plan.ts";
import { toBody, toHeaders } from "./plan.ts";

/** What became of it. Times are monotonic milliseconds. */
export interface Left {
	readonly leftMs: number;
	/** Some of the reply came. */
	readonly answered: boolean;
}

/** About the length of the longest reply. */
const longestReplyBytes = 6_000;
const longestReadMs = 20_000;

export async function leaveAt(url: string, what: Disconnect): Promise<Left> {
	const socket = await openSocket(url);
	const request = toRequest(url, what);
	let readBytes = 0;
	try {
		if (what.within === "request") {
			await send(
				socket,
				request.subarray(0, Math.floor(request.length * what.share)),
			);
		} else {
			await send(socket, request);
			const wanted = Math.floor(longestReplyBytes * what.share ** 2);
			readBytes = await readUntil(socket, wanted);
		}
		await sleep(what.waitMs);
		return { leftMs: performance.now(), answered: readBytes > 0 };
	} finally {
		leave(socket, what.how);
	}
}

function toRequest(url: string, { plan }: Disconnect): Buffer {
	const body = toBody(plan);
	const headers = Object.entries({
		...toHeaders(plan),
		host: new URL(url).host,
		"content-length": String(Buffer.byteLength(body)),
	});
	const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
	return Buffer.from(
		`POST /anthropic/v1/messages HTTP/1.1\r\n${lines.join("")}\r\n${body}`,
	);
}

const send = (socket: Socket, bytes: Uint8Array): Promise<void> =>
	new Promise((resolve) => socket.write(bytes, () => resolve()));

/** Resolves with how many bytes have come, when they are enough, or the reply has ended. */
function readUntil(socket: Socket, wanted: number): Promise<number> {
	let text = "";
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	const look = () => {
		if (text.length >= wanted || isWhole(text)) resolve(text.length);
	};
	socket.on("data", (chunk: Buffer) => {
		text += chunk.toString("latin1");
		look();
	});
	socket.on("close", () => resolve(text.length));
	look();
	const late = () => reject(new Error(`no end came: ${text}`));
	const timer = setTimeout(late, longestReadMs);
	return promise.finally(() => clearTimeout(timer));
}

function isWhole(text: string): boolean {
	const head = text.indexOf("\r\n\r\n");
	if (head < 0) return false;
	const length = /^content-length: (\d+)/im.exec(text.slice(0, head))?.[1];
	if (length === undefined) return text.endsWith("\r\n0\r\n\r\n");
	return text.length >= head + 4 + Number(length);
}
