/** Clients that begin a call and leave it. */
import type { Socket } from "node:net";
import { toSeededBlock } from "../../src/simulator/seeded.ts";
import { message, messageBody } from "./payload.ts";
import type { Abort } from "./plan.ts";
import { leave, openSocket, readReply, toHead } from "./raw-call.ts";
import { sleep } from "./wait.ts";

const eventGapMs = 15;
/** Streams never end by themselves while a client may still leave them. */
const endless = 10_000;
const neverMs = 60_000;
const uploadBytes = 400_000;
const partBytes = 64_000;
const blankLine = "\n\n";

/** Begins the call and leaves it as planned; resolves with when it left, milliseconds since 1970. */
export async function leaveCall(url: string, abort: Abort): Promise<number> {
	const socket = await openSocket(url);
	try {
		await reach[abort.moment](socket, url, abort);
		await sleep(abort.delayMs);
		return Date.now();
	} finally {
		leave(socket, abort.how);
	}
}

type Reach = (socket: Socket, url: string, abort: Abort) => Promise<void>;

/** Brings a call to the moment at which its client leaves. */
const reach: Readonly<Record<Abort["moment"], Reach>> = {
	"before-head": async (socket, url, { id }) => {
		sendMessage(socket, url, `id=${id}&events=1&head_ms=${neverMs}`);
	},
	"between-events": async (socket, url, { id, event }) => {
		sendMessage(
			socket,
			url,
			`id=${id}&events=${endless}&silence_ms=${eventGapMs}`,
		);
		await readEvents(socket, event, (tail) => tail === blankLine);
	},
	"mid-event": async (socket, url, { id, event }) => {
		sendMessage(
			socket,
			url,
			`id=${id}&events=${endless}&silence_ms=${eventGapMs}&halves`,
		);
		await readEvents(socket, event, (tail) => tail !== blankLine);
	},
	"during-upload": (socket, url, abort) =>
		sendPart(socket, url, "/anthropic/v1/files", abort),
	"during-message": (socket, url, abort) =>
		sendPart(socket, url, "/anthropic/v1/messages", abort),
};

function sendMessage(socket: Socket, url: string, query: string): void {
	const line = `POST /anthropic/v1/messages?${query}`;
	socket.write(toHead(url, line, message) + messageBody);
}

/** Reads so many whole events, and on until the last bytes that came are as wanted. */
async function readEvents(
	socket: Socket,
	count: number,
	isWanted: (tail: string) => boolean,
): Promise<void> {
	const { status, body } = await readReply(socket);
	if (status !== 200) throw new Error(`a stream began with status ${status}`);
	let text = "";
	for (;;) {
		const { done, value } = await body.next();
		if (done) throw new Error("a stream ended that has no end");
		text = (text + Buffer.from(value).toString("latin1")).slice(-1e6);
		const whole = text.split(blankLine).length - 1;
		if (whole >= count && isWanted(text.slice(-2))) return;
	}
}

/** Sends the beginning of a body, in parts; never all of it. */
async function sendPart(
	socket: Socket,
	url: string,
	path: string,
	{ id, share }: Abort,
): Promise<void> {
	const body = { type: "application/json", length: uploadBytes };
	socket.write(toHead(url, `POST ${path}?id=${id}&bytes=${uploadBytes}`, body));
	const parts = Math.floor((uploadBytes / partBytes) * share);
	for (let index = 0; index < parts; index++) {
		socket.write(toSeededBlock(index, partBytes));
		await sleep(1);
	}
}
