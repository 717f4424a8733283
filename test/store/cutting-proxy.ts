import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
	readonly port: number;
	/**
	 * The next transaction reaches the server and is committed there, and its client never hears of it; nor does anybody
	 * get through until `restore`.
	 */
	cutAfterCommit(): void;
	/** Resolves when that has happened. */
	cut(): Promise<void>;
	restore(): Promise<void>;
	stop(): void;
}

/** The end of the server's CommandComplete for it. */
const committed = "COMMIT\0";

/** Stands between clients and a PostgreSQL server (F-21: commit sent, answer lost). */
export async function openCuttingProxy(
	host: string,
	serverPort: number,
): Promise<CuttingProxy> {
	const sockets = new Set<Socket>();
	let armed = false;
	const happened = Promise.withResolvers<void>();
	const cut = () => {
		armed = false;
		server.close();
		for (const socket of sockets) socket.destroy();
		happened.resolve();
	};
	const server = createServer((client) => {
		const upstream = connect(serverPort, host);
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.on("error", () => socket.destroy());
		}
		client.on("data", (bytes) => upstream.write(bytes));
		upstream.on("data", (bytes: Buffer) => {
			if (armed && bytes.includes(committed)) cut();
			else client.write(bytes);
		});
		client.on("close", () => upstream.destroy());
		upstream.on("close", () => client.destroy());
	});
	const listen = (port: number) =>
		new Promise<void>((resolve) => server.listen(port, host, resolve));
	await listen(0);
	const { port } = server.address() as AddressInfo;
	return {
		port,
		cutAfterCommit: () => {
			armed = true;
		},
		cut: () => happened.promise,
		restore: () => listen(port),
		stop: () => {
			server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}
