/** How long a key takes to be found unknown (T-31): as long as any other, however near it comes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { openRig, type Rig } from "../rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = `sk-${"m".repeat(43)}`;
/** Of one attempt, all keys together. */
const samples = 10_000;
const maxApart = 0.05;
/** On a busy machine one attempt may be disturbed; what a look-up takes longer shows in every one of them. */
const attempts = 4;
const quantiles = [0.25, 0.5];

let rig: Rig;
let keys: Record<string, string>;
beforeAll(async () => {
	rig = await openRig({
		// Else all but the first twenty would be told to wait.
		env: { TOLLWAY_MASTER_KEY: masterKey, TOLLWAY_AUTH_BACKOFF: "off" },
	});
	const { make } = openCallers(() => rig.url, masterKey);
	const { key, token } = await make();
	for (let at = 0; at < 100; at++) await make();
	const last = key.at(-1) === "A" ? "B" : "A";
	keys = {
		"like any made key": `sk-${"A".repeat(43)}`,
		malformed: "#".repeat(46),
		"a made key but for its last character": key.slice(0, -1) + last,
		"the master key but for its last character": `${masterKey.slice(0, -1)}n`,
		"the beginning of the hash of a key": token.slice(0, 46),
	};
});
afterAll(() => rig.stop());

const toRequest = (key: string) =>
	[
		"GET /v1/models HTTP/1.1",
		`Host: ${new URL(rig.url).host}`,
		`x-api-key: ${key}`,
		"",
		"",
	].join("\r\n");

/** Microseconds until the answer is there. */
async function time(socket: Socket, request: string): Promise<number> {
	const answered = new Promise<string>((resolve) => {
		socket.once("data", resolve as never);
	});
	const start = Bun.nanoseconds();
	socket.write(request);
	const answer = await answered;
	const took = (Bun.nanoseconds() - start) / 1_000;
	if (!String(answer).startsWith("HTTP/1.1 401")) throw new Error(answer);
	return took;
}

/** In turn, so that whatever disturbs them disturbs all alike. */
async function measure(): Promise<Map<string, number[]>> {
	const { hostname, port } = new URL(rig.url);
	const socket = connect(Number(port), hostname);
	const names = Object.keys(keys);
	const requests = names.map((name) => toRequest(keys[name] ?? ""));
	const times = new Map(names.map((name) => [name, [] as number[]]));
	for (let at = 0; at < samples; at++) {
		const nth = at % names.length;
		const took = await time(socket, requests[nth] ?? "");
		times.get(names[nth] ?? "")?.push(took);
	}
	socket.destroy();
	return times;
}

const toQuantiles = (times: readonly number[]): number[] => {
	const sorted = times.toSorted((a, b) => a - b);
	return quantiles.map((part) => sorted[Math.floor(part * sorted.length)] ?? 0);
};

/** The farthest apart that any two keys are, as a part of the shorter time. */
function toDistance(times: ReadonlyMap<string, readonly number[]>): number {
	const each = [...times.values()].map(toQuantiles);
	const distances = quantiles.map((_, nth) => {
		const all = each.map((one) => one[nth] ?? 0);
		return Math.max(...all) / Math.min(...all) - 1;
	});
	return Math.max(...distances);
}

test(
	"unknown keys cannot be told apart by the time they take",
	async () => {
		await measure(); // until the runtime has compiled what it will compile
		const seen: number[] = [];
		while (seen.length < attempts) {
			const distance = toDistance(await measure());
			seen.push(distance);
			if (distance <= maxApart) break;
		}
		expect(Math.min(...seen)).toBeLessThanOrEqual(maxApart);
	},
	{ timeout: 60_000 },
);
