/** One large body through the gateway, hashed at both ends. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { toSeededBlocks } from "../../src/simulator/seeded.ts";
import { BrokenOff, openSocket, readReply, toHead } from "./raw-call.ts";
import { sleep } from "./wait.ts";

/** A body that is told by its length and its blocks. */
export interface Body {
	readonly path: string;
	readonly type: string;
	readonly length: number;
	readonly blocks: Iterable<Uint8Array>;
}

export interface Transfer {
	readonly bytes: number;
	readonly sha256: string;
}

/** What the sender has sent and what the receiver has got. */
export interface Transferred {
	readonly sent: Transfer;
	readonly received: Transfer;
}

/** In the middle of a body its receiver does nothing for so long: what the sender has must wait with the sender. */
const pauseMs = 1_000;

/** Upstream hashes what arrives, and answers with that. */
export async function sendUp(url: string, body: Body): Promise<Transferred> {
	const socket = await openSocket(url);
	try {
		const target = `${body.path}?id=up&bytes=${body.length}&pause_ms=${pauseMs}`;
		socket.write(toHead(url, `POST ${target}`, body));
		const hash = createHash("sha256");
		let bytes = 0;
		for (const block of body.blocks) {
			bytes += block.length;
			hash.update(block);
			if (!socket.write(block)) await waitForDrain(socket);
		}
		const reply = await readReply(socket);
		const pieces = await Array.fromAsync(reply.body);
		return {
			sent: { bytes, sha256: hash.digest("hex") },
			received: JSON.parse(Buffer.concat(pieces).toString()) as Transfer,
		};
	} finally {
		socket.destroy();
	}
}

/** Rejects when the connection is lost instead. */
async function waitForDrain(socket: Socket): Promise<void> {
	const over = new AbortController();
	const first = (event: string) => once(socket, event, { signal: over.signal });
	const lost = first("close").then(() => {
		throw new BrokenOff("the upload was cut");
	});
	try {
		await Promise.race([first("drain"), lost]);
	} finally {
		over.abort();
	}
}

/** A download of so many seeded bytes. */
export async function takeDown(
	url: string,
	bytes: number,
): Promise<Transferred> {
	const socket = await openSocket(url);
	try {
		socket.write(toDownload(url, "down", bytes));
		const reply = await readReply(socket);
		const hash = createHash("sha256");
		let arrived = 0;
		for await (const piece of reply.body) {
			const isMiddle =
				arrived < bytes / 2 && arrived + piece.length >= bytes / 2;
			arrived += piece.length;
			hash.update(piece);
			if (isMiddle) await sleep(pauseMs);
		}
		return {
			sent: toTransfer(toSeededBlocks(bytes)),
			received: { bytes: arrived, sha256: hash.digest("hex") },
		};
	} finally {
		socket.destroy();
	}
}

export const toDownload = (url: string, id: string, bytes: number): string =>
	toHead(
		url,
		`GET /anthropic/v1/files/file_soak/content?id=${id}&bytes=${bytes}`,
	);

function toTransfer(blocks: Iterable<Uint8Array>): Transfer {
	const hash = createHash("sha256");
	let bytes = 0;
	for (const block of blocks) {
		bytes += block.length;
		hash.update(block);
	}
	return { bytes, sha256: hash.digest("hex") };
}

/** A file that nobody looks into. */
export const toFile = (length: number): Body => ({
	path: "/anthropic/v1/files",
	type: "application/octet-stream",
	length,
	blocks: toSeededBlocks(length),
});

const itemBytes = 10_000;

/** A batch of at least so many bytes, which the gateway checks while it streams. */
export function toBatch(bytes: number): Body {
	const head = Buffer.from('{"requests":[');
	const tail = Buffer.from("]}");
	const count = Math.ceil(bytes / itemBytes);
	const items = function* () {
		yield head;
		for (let index = 0; index < count; index++) {
			yield toItem(index, index < count - 1 ? "," : "");
		}
		yield tail;
	};
	return {
		path: "/anthropic/v1/messages/batches",
		type: "application/json",
		length: head.length + count * (itemBytes + 1) - 1 + tail.length,
		blocks: items(),
	};
}

function toItem(index: number, comma: string): Buffer {
	const content = `${index} "quoted" \\ `.padEnd(itemBytes / 2, "wörter ");
	const params = {
		model: "claude-sonnet-5-5",
		max_tokens: 64,
		messages: [{ role: "user", content }],
	};
	const item = JSON.stringify({ custom_id: `item-${index}`, params });
	const padding = " ".repeat(itemBytes - Buffer.byteLength(item));
	return Buffer.from(item + padding + comma);
}
