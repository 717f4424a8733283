/** Whether what was refused for good had room, told without the gateway: by what clients saw and what upstream counts. */
import { toHoldAmount } from "../../src/domain/hold-amount.ts";
import { toHoldAsk } from "../../src/gateway/hold-ask.ts";
import { scanBody } from "../../src/gateway/scan/scan.ts";
import { openCatalog, toNanosOf } from "../crash/truth.ts";
import type { Refused, Seen } from "./session.ts";

const catalog = openCatalog();

/** Nano-dollars, by what upstream told the clients. */
export const toSpent = (served: Seen["served"]): bigint =>
	served.reduce(
		(sum, { usage }) => sum + (toNanosOf(usage, catalog, Date.now()) ?? 0n),
		0n,
	);

/** What a client sees a little later is settled already. */
const lateMs = 1_000;

/** Refusals for good of calls that had room beside what was settled, by what upstream counts and what clients saw. */
export async function countWrong(
	seen: Seen,
	budget: bigint,
	upstreamUrl: string,
): Promise<number> {
	let wrong = 0;
	for (const refused of seen.refused) {
		const settled = toSpent(
			seen.served.filter(({ atMs }) => atMs <= refused.atMs + lateMs),
		);
		const said = toSaidNanos(refused);
		const hold = await toHold(refused, upstreamUrl);
		if (said > settled || said + hold <= budget) wrong += 1;
	}
	return wrong;
}

/** What it says is spent. */
function toSaidNanos({ message }: Refused): bigint {
	const dollars = /of which \$([\d.]+) is spent/.exec(message)?.[1];
	if (dollars === undefined) throw new Error(`no amount in: ${message}`);
	return BigInt(Math.round(Number(dollars) * 1e9));
}

async function toHold({ body }: Refused, upstreamUrl: string): Promise<bigint> {
	const { model, system, messages, tools } = JSON.parse(body);
	const reply = await fetch(`${upstreamUrl}/v1/messages/count_tokens`, {
		method: "POST",
		headers: { "x-api-key": "any", "anthropic-version": "2023-06-01" },
		body: JSON.stringify({ model, system, messages, tools }),
		proxy: "",
	});
	const { input_tokens: countedTokens } = await reply.json();
	const scan = scanBody(new TextEncoder().encode(body));
	const find = (name: string) => catalog.find(name, Date.now()).price;
	const ask = toHoldAsk(scan, find);
	if (ask === null) throw new Error(`${model} has no price`);
	return toHoldAmount({ ...ask, countedTokens }, "usual").nanos;
}
