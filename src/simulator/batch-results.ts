import type { BatchItem } from "./batch-items.ts";
import type { Batch } from "./batches.ts";
import { ApiError, toErrorBody } from "./errors.ts";
import { messageFields } from "./fields.ts";
import { writeMessage } from "./message.ts";
import { checkRequest } from "./messages.ts";
import { emptyScript } from "./script.ts";
import type { BetaMessage, ErrorResponse, Message } from "./shapes.ts";
import type { World } from "./world.ts";

export interface BatchCounts {
	processing: number;
	succeeded: number;
	errored: number;
	canceled: number;
	expired: number;
}

export interface BatchOutcome {
	atMs: number;
	counts: BatchCounts;
	/** The results as JSON lines. */
	lines: Uint8Array;
}

export type BatchResult =
	| { type: "succeeded"; message: Message | BetaMessage }
	| { type: "errored"; error: ErrorResponse }
	| { type: "canceled" }
	| { type: "expired" };

/** Processes every item of a batch; the lines come in the reverse order, since the API promises none. */
export function finishBatch(batch: Batch, world: World): BatchOutcome {
	const counts: BatchCounts = {
		processing: 0,
		succeeded: 0,
		errored: 0,
		canceled: 0,
		expired: 0,
	};
	const lines = batch.items.map((item) => {
		const result = toResult(item, batch, world);
		counts[result.type]++;
		return `${JSON.stringify({ custom_id: item.custom_id, result })}\n`;
	});
	return {
		atMs: world.clock.now(),
		counts,
		lines: new TextEncoder().encode(lines.reverse().join("")),
	};
}

function toResult(item: BatchItem, batch: Batch, world: World): BatchResult {
	const outcome =
		batch.cancelMs === null ? batch.outcomes[item.custom_id] : "canceled";
	if (outcome === "canceled" || outcome === "expired") return { type: outcome };
	try {
		if (outcome === "errored") throw new ApiError("api_error");
		return { type: "succeeded", message: writeItem(item, batch, world) };
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		return { type: "errored", error: toErrorBody(error, null) };
	}
}

/** Members that a message may have, but not inside a batch. */
const forbidden = ["stream", "speed", "thread", "billing_policy"];

function writeItem(
	{ custom_id, params }: BatchItem,
	{ id, betas, version, message: replaced, ...batch }: Batch,
	world: World,
): Message | BetaMessage {
	for (const name of forbidden) {
		if (params[name]) {
			throw new ApiError(
				"invalid_request_error",
				`${name}: not supported in a message batch`,
			);
		}
	}
	checkRequest(params, messageFields, { version, betas });
	if (params.max_tokens === 0) {
		throw new ApiError(
			"invalid_request_error",
			"max_tokens: Input should be greater than or equal to 1",
		);
	}
	const { message } = writeMessage(params, {
		seed: `${id}:${custom_id}:${JSON.stringify(params)}`,
		cache: world.cache,
		nowMs: world.clock.now(),
		script: replaced ? { message: replaced } : emptyScript,
		tier: "batch",
		beta: betas.length > 0,
	});
	world.books.book(message, {
		atMs: world.clock.now(),
		pricedAtMs: batch.createdMs,
		billing: batch.billing,
	});
	return message;
}
