/**
 * A TCP relay that writes down what passes, between a client and the gateway: what the client really sent and got, with
 * no HTTP library of ours in the way.
 */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { type HttpMessage, parseReplies, parseRequests } from "./parse-http.ts";

export interface Exchanged {
	readonly method: string;
	/** Path and query. */
	readonly target: string;
	readonly request: HttpMessage;
	/** Null when none has come. */
	readonly reply: HttpMessage | null;
}

export interface Tap {
	/** Where clients connect; no trailing slash. */
	readonly url: string;
	/** Everything seen so far: by connection, and within one in order. */
	exchanges(): Exchanged[];
	/** All bytes that went to clients so far, framing and headers included. */
	sentToClients(): Buffer;
	/** Resolves when every request on a connection that is still open has its whole reply. */
	settled(): Promise<void>;
	stop(): Promise<void>;
}

interface Connection {
	readonly fromClient: Buffer[];
	readonly toClient: Buffer[];
	open: boolean;
}

const patienceMs = 5_000;
const pollMs = 5;

/** @param target base URL of the gateway */
export async function openTap(target: string): Promise<Tap> {
	const { hostname, port } = new URL(target);
	const connections: Connection[] = [];
	const sockets = new Set<Socket>();
	const server = createServer({ allowHalfOpen: true }, (client) => {
		const gateway = connect({
			host: hostname,
			port: Number(port),
			allowHalfOpen: true,
		});
		const connection: Connection = { fromClient: [], toClient: [], open: true };
		connections.push(connection);
		join(client, gateway, connection, sockets);
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", resolve);
	});
	const own = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${own.port}`,
		exchanges: () => connections.flatMap(toExchanges),
		sentToClients: () =>
			Buffer.concat(connections.flatMap(({ toClient }) => toClient)),
		settled: () => waitUntilSettled(connections),
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				for (const socket of sockets) socket.destroy();
			}),
	};
}

function join(
	client: Socket,
	gateway: Socket,
	connection: Connection,
	sockets: Set<Socket>,
): void {
	client.on("data", (chunk) => connection.fromClient.push(Buffer.from(chunk)));
	gateway.on("data", (chunk) => connection.toClient.push(Buffer.from(chunk)));
	client.pipe(gateway);
	gateway.pipe(client);
	const pairs = [
		[client, gateway],
		[gateway, client],
	] as const;
	for (const [one, other] of pairs) {
		sockets.add(one);
		// A reset on one side is one on the other too; "close" follows either way.
		one.on("error", () => other.destroy());
		one.on("close", () => {
			sockets.delete(one);
			connection.open = false;
			other.destroy();
		});
	}
}

function toExchanges({ fromClient, toClient }: Connection): Exchanged[] {
	const requests = parseRequests(Buffer.concat(fromClient));
	const words = requests.map(({ start }) => start.split(" "));
	const replies = parseReplies(
		Buffer.concat(toClient),
		words.map(([method = ""]) => method),
	);
	return requests.map((request, at) => ({
		method: words[at]?.[0] ?? "",
		target: words[at]?.[1] ?? "",
		request,
		reply: replies[at] ?? null,
	}));
}

async function waitUntilSettled(
	connections: readonly Connection[],
): Promise<void> {
	const isUnsettled = (connection: Connection) =>
		connection.open &&
		toExchanges(connection).some(({ reply }) => reply?.complete !== true);
	const deadlineMs = performance.now() + patienceMs;
	while (connections.some(isUnsettled)) {
		if (performance.now() > deadlineMs) {
			const open = connections.filter(isUnsettled).flatMap(toExchanges);
			const lines = open.map(({ request }) => request.start).join(", ");
			throw new Error(`no whole reply within ${patienceMs} ms: ${lines}`);
		}
		await Bun.sleep(pollMs);
	}
}
