/** What upstream says of a batch, asked with our own credential. */
import { GatewayError } from "../../domain/error.ts";
import { type JsonObject, parseJson, toObject } from "../meter/json.ts";
import type { Gateway } from "../pipeline.ts";
import { batchesPath } from "./register.ts";

/** Upstream does not know it, or does not show it to this credential. */
export class BatchMissing extends Error {}

export interface BatchStatus {
	readonly ended: boolean;
	/** Requests that have results which cost something. */
	readonly succeeded: number;
	/** By what became of them, for people. */
	readonly counts: JsonObject;
}

/** Rejects with BatchMissing, or with what went wrong: then it can be asked again. */
export async function askStatus(
	id: string,
	gateway: Gateway,
	signal: AbortSignal,
): Promise<BatchStatus> {
	const reply = await ask(id, gateway, { signal, bulk: false });
	const batch = toObject(parseJson(await reply.text()));
	const counts = toObject(batch?.request_counts);
	if (batch?.processing_status === undefined || counts === null) {
		throw new Error("upstream's answer is no batch");
	}
	return {
		ended: batch.processing_status === "ended",
		succeeded: Number(counts.succeeded ?? 0),
		counts,
	};
}

/** The results as they come: JSON lines, cut anywhere. Rejects as `askStatus` does. */
export async function askResults(
	id: string,
	gateway: Gateway,
	signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
	const reply = await ask(`${id}/results`, gateway, { signal, bulk: true });
	if (reply.body === null) throw new Error("upstream's results are empty");
	return reply.body;
}

async function ask(
	path: string,
	gateway: Gateway,
	how: { readonly signal: AbortSignal; readonly bulk: boolean },
): Promise<Response> {
	const { credential } = gateway.authority;
	const headers: Record<string, string> = {
		"anthropic-version": "2023-06-01",
		"accept-encoding": "identity",
		"user-agent": gateway.userAgent,
	};
	if (credential) headers[credential.header] = credential.value;
	const reply = await gateway.fetch(
		`${gateway.upstreamUrl}${batchesPath}/${path}`,
		{ method: "GET", headers, body: null, ...how },
	);
	if (reply.status === 200) return reply;
	await reply.body?.cancel();
	if (reply.status === 404) throw new BatchMissing();
	throw new GatewayError(
		"upstream_invalid",
		`upstream answers ${reply.status}`,
	);
}
