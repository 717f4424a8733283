import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { toBody } from "./requests.ts";

const streams = 1_000;

test("1,000 streams are open at once, silent, and end when their clients leave", async () => {
	const simulator = await openSimulator();
	const body = toBody({ stream: true });
	const head = `POST /v1/messages HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\nx-simulator-script: {"event_delay_ms":60000}\r\nContent-Length: ${body.length}\r\n\r\n`;
	const sockets: Socket[] = [];
	for (let count = 0; count < streams; count++) {
		const socket = connect(simulator.port, "127.0.0.1");
		socket.write(head + body);
		sockets.push(socket);
	}
	const { record } = simulator;
	await record.waitUntil(() => record.open() === streams);
	let begun = 0;
	await record.waitUntil(() => {
		begun = 0;
		for (const { sent } of record.all()) if (sent.lastByteAtMs) begun++;
		return begun === streams;
	}, 10_000);
	for (const socket of sockets) socket.destroy();
	await record.waitUntil(() => record.open() === 0);
	const ends = record.all().map(({ end }) => end?.how);
	expect(new Set(ends)).toEqual(new Set(["client-gone"]));
	await simulator.stop();
}, 20_000);
