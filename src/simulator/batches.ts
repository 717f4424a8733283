import { type BatchItem, checkBatch } from "./batch-items.ts";
import { type BatchOutcome, finishBatch } from "./batch-results.ts";
import { type Call, readBetas, readJson } from "./call.ts";
import { ApiError } from "./errors.ts";
import { toIdPage } from "./pages.ts";
import { type Reply, toJson } from "./reply.ts";
import type { Script } from "./script.ts";
import type { World } from "./world.ts";

const processingMs = 86_400_000;
/** How often a batch is found in progress before it has ended. */
const defaultPolls = 1;

export interface Batch {
	id: string;
	items: BatchItem[];
	betas: string[];
	version: string | undefined;
	outcomes: Readonly<Record<string, "errored" | "canceled" | "expired">>;
	/** Members that replace those of every message in the results. */
	message: Script["message"];
	billing: Script["billing"];
	pollsLeft: number;
	createdMs: number;
	cancelMs: number | null;
	ended: BatchOutcome | null;
}

/** POST /v1/messages/batches. Items are checked late, as upstream: a bad one shows up in the results. */
export function createBatch(call: Call): Reply {
	const { world, script, headers } = call;
	const batch: Batch = {
		id: world.nextId("msgbatch"),
		items: checkBatch(readJson(call.body)),
		betas: readBetas(headers),
		version: headers["anthropic-version"]?.toString(),
		outcomes: script.batch_outcomes ?? {},
		message: script.message,
		billing: script.billing,
		pollsLeft: script.batch_polls ?? defaultPolls,
		createdMs: world.clock.now(),
		cancelMs: null,
		ended: null,
	};
	world.batches.add(batch);
	return toJson(toBatchObject(batch, world));
}

/** GET /v1/messages/batches/{id}: each one is a poll that brings the end nearer. */
export function getBatch({ params, world }: Call): Reply {
	const batch = world.batches.get(params.id);
	if (batch.ended === null) {
		if (batch.pollsLeft === 0 || batch.cancelMs !== null) {
			batch.ended = finishBatch(batch, world);
		} else {
			batch.pollsLeft--;
		}
	}
	return toJson(toBatchObject(batch, world));
}

export function listBatches({ query, world }: Call): Reply {
	const batches = world.batches.list();
	return toJson(
		toIdPage(
			batches.map((batch) => toBatchObject(batch, world)),
			query,
		),
	);
}

export function cancelBatch({ params, world }: Call): Reply {
	const batch = world.batches.get(params.id);
	if (batch.ended === null) batch.cancelMs ??= world.clock.now();
	return toJson(toBatchObject(batch, world));
}

export function deleteBatch({ params, world }: Call): Reply {
	const batch = world.batches.get(params.id);
	if (batch.ended === null) {
		throw new ApiError(
			"invalid_request_error",
			`Message batch ${batch.id} cannot be deleted while it is being processed.`,
		);
	}
	world.batches.remove(batch.id);
	return toJson(toDeletedBatch(batch.id));
}

export function toDeletedBatch(id: string) {
	return { id, type: "message_batch_deleted" as const };
}

/** GET /v1/messages/batches/{id}/results: JSON lines, in no order that means anything. */
export function getBatchResults({ params, world }: Call): Reply {
	const batch = world.batches.get(params.id);
	if (batch.ended === null) {
		throw new ApiError(
			"not_found_error",
			`Message batch ${batch.id} has no results yet.`,
		);
	}
	const { lines: bytes } = batch.ended;
	return {
		status: 200,
		body: {
			kind: "bytes",
			contentType: "application/x-jsonl",
			bytes,
			compressible: true,
		},
	};
}

export function toBatchObject(batch: Batch, world: World) {
	const { id, items, ended, createdMs, cancelMs } = batch;
	const results = `${world.resultsOrigin()}/v1/messages/batches/${id}/results`;
	return {
		id,
		type: "message_batch" as const,
		processing_status: toStatus(batch),
		request_counts: ended?.counts ?? {
			processing: items.length,
			succeeded: 0,
			errored: 0,
			canceled: 0,
			expired: 0,
		},
		created_at: toInstant(createdMs),
		expires_at: toInstant(createdMs + processingMs),
		ended_at: ended && toInstant(ended.atMs),
		cancel_initiated_at: cancelMs === null ? null : toInstant(cancelMs),
		archived_at: null,
		results_url: ended && results,
	};
}

function toStatus({ ended, cancelMs }: Batch) {
	if (ended !== null) return "ended" as const;
	return cancelMs === null ? ("in_progress" as const) : ("canceling" as const);
}

function toInstant(ms: number): string {
	return new Date(ms).toISOString();
}
