/**
 * Small calls at a steady pace, whatever becomes of the ones before (wrk only sends as fast as it is answered):
 * `bun paced.ts <url> <calls per second> <seconds>`. Prints what became of them as JSON.
 */
import { say } from "../say.ts";
import { smallBody } from "./requests.ts";

/** More would say that the gateway cannot keep up; they are not sent, and count as failures. */
const maxInFlight = 512;
const tickMs = 1;

const init = {
	method: "POST",
	body: smallBody,
	headers: {
		"content-type": "application/json",
		"anthropic-version": "2023-06-01",
		authorization: "Bearer sk-anything",
	},
};

const [url = "", pace = "", length = ""] = process.argv.slice(2);
console.log(JSON.stringify(await runPaced(url, Number(pace), Number(length))));

async function runPaced(url: string, callsPerSecond: number, seconds: number) {
	const wanted = callsPerSecond * seconds;
	const start = performance.now();
	let due = 0;
	let failures = 0;
	const open = new Set<Promise<void>>();
	const fail = (reason: unknown) => {
		if (failures === 0) say(String(reason));
		failures += 1;
	};
	const call = async () => {
		try {
			const reply = await fetch(url, init);
			await reply.arrayBuffer();
			if (!reply.ok) fail(`status ${reply.status}`);
		} catch (error) {
			fail(error);
		}
	};
	while (due < wanted) {
		const elapsed = (performance.now() - start) / 1_000;
		const now = Math.min(wanted, Math.floor(elapsed * callsPerSecond));
		for (; due < now; due++) {
			if (open.size >= maxInFlight) {
				fail(`${maxInFlight} calls are open`);
				continue;
			}
			const sent = call().finally(() => open.delete(sent));
			open.add(sent);
		}
		await Bun.sleep(tickMs);
	}
	await Promise.all(open);
	return {
		calls: wanted,
		seconds: (performance.now() - start) / 1_000,
		failures,
	};
}
