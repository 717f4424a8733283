import { connect } from "node:net";

export interface RawReply {
	/** Null when the connection was closed without an answer. */
	readonly status: number | null;
	/** Everything that came back. */
	readonly text: string;
	readonly closed: boolean;
}

const patienceMs = 20_000;

/**
 * Sends bytes as they are and reads until the connection closes, or until one whole answer with a content-length is
 * there. `half` sends FIN behind the request.
 */
export function sendRaw(
	url: string,
	request: string | Uint8Array,
	options: { half?: boolean } = {},
): Promise<RawReply> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve, reject) => {
		const socket = connect(Number(port), hostname);
		let text = "";
		const finish = (closed: boolean) => {
			clearTimeout(timer);
			socket.destroy();
			const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
			resolve({ status: status ? Number(status) : null, text, closed });
		};
		const timer = setTimeout(() => {
			socket.destroy();
			reject(new Error(`no answer within ${patienceMs} ms; so far: ${text}`));
		}, patienceMs);
		socket.setEncoding("latin1");
		socket.on("connect", () => {
			socket.write(request);
			if (options.half) socket.end();
		});
		socket.on("data", (chunk) => {
			text += String(chunk);
			if (isWhole(text)) finish(false);
		});
		socket.on("close", () => finish(true));
		socket.on("error", () => finish(true));
	});
}

function isWhole(text: string): boolean {
	const head = text.indexOf("\r\n\r\n");
	if (head === -1) return false;
	const length = /^content-length: (\d+)/im.exec(text.slice(0, head))?.[1];
	if (length === undefined) return /\r\n0\r\n\r\n$/.test(text);
	return text.length >= head + 4 + Number(length);
}
