/** The configuration, as the gateway takes it. */
import { getLogger } from "@logtape/logtape";
import type { Config } from "../cli/config.ts";
import type { CallRecord } from "../domain/call.ts";
import type { Directory } from "../domain/directory.ts";
import { toDigest } from "../gateway/authenticate.ts";
import type { GuessReport } from "../gateway/guesses.ts";
import type { GatewayOptions } from "../gateway/pipeline.ts";
import type { LimitFinder } from "../limits/call-limits.ts";

export const toBodyLimits = ({ limits }: Config) => ({
	messages: limits.messagesBytes,
	batches: limits.batchesBytes,
	files: limits.filesBytes,
	other: limits.otherBytes,
});

type FromConfig =
	| "authority"
	| "limits"
	| "upstreamUrl"
	| "bodyLimits"
	| "waitLimits"
	| "inFlightBytes"
	| "rewriteResultsUrl"
	| "publicUrl"
	| "rootPath"
	| "holdMode"
	| "hashBodies"
	| "modelAliases"
	| "userHeader"
	| "guessing"
	| "batchPollMs"
	| "onBatchFault"
	| "onSessionFault"
	| "onOwnerFault";

export const toGatewayOptions = (
	config: Config,
	directory: Directory,
	limits: LimitFinder,
): Pick<GatewayOptions, FromConfig> => ({
	authority: {
		masterDigest: config.masterKey === null ? null : toDigest(config.masterKey),
		credential: config.upstream.credential,
		adminApi: config.adminApi,
		directory,
		hasBudget: limits.hasBudget,
	},
	limits,
	upstreamUrl: config.upstream.url,
	bodyLimits: toBodyLimits(config),
	waitLimits: {
		"client-body": config.timeouts.slowBodyMs,
		"first-byte": config.timeouts.firstByteMs,
		upstream: config.timeouts.streamIdleMs,
		client: config.timeouts.clientStallMs,
	},
	inFlightBytes: config.limits.inFlightBytes,
	rewriteResultsUrl: config.rewriteResultsUrl,
	publicUrl: config.publicUrl,
	rootPath: config.rootPath,
	holdMode: config.holdMode,
	hashBodies: config.hashBodies,
	modelAliases: config.modelAliases,
	userHeader: config.userHeader,
	batchPollMs: config.batchPollMs,
	onBatchFault: tellBatchFault,
	onSessionFault: tellSessionFault,
	onOwnerFault: tellOwnerFault,
	guessing: { backoff: config.authBackoff, onReport: tellGuesses },
});

/** The tries themselves have no lines. */
function tellGuesses({ addresses, otherCalls }: GuessReport): void {
	const log = getLogger(["tollway", "gateway"]);
	const tell = (from: string, calls: number) =>
		log.warning(
			"{calls} calls with unknown keys from {from} were told to wait, in a minute.",
			{ calls, from },
		);
	for (const { address, calls } of addresses) tell(address, calls);
	if (otherCalls > 0) tell("other addresses", otherCalls);
}

/** Why a call failed, for the operator; the client was told a sentence of ours. */
export function logCause({ callId, end, cause }: CallRecord): void {
	if (cause === null) return;
	const log = getLogger(["tollway", "gateway"]);
	const coded = typeof (cause as { code?: unknown }).code === "string";
	const level = coded ? "debug" : "error";
	log[level]("Call {callId} ended as {end}: {cause}", { callId, end, cause });
}

const tellBatchFault: GatewayOptions["onBatchFault"] = (id, why) =>
	getLogger(["tollway", "gateway"]).warning(
		"{batch} could not be looked after: {why}",
		{ batch: id === null ? "Batches" : `The batch ${id}`, why },
	);

const tellSessionFault: GatewayOptions["onSessionFault"] = (id, why) =>
	getLogger(["tollway", "gateway"]).warning(
		"What the session {session} of an agent cost: {why}",
		{ session: id ?? "(without an id)", why },
	);

const tellOwnerFault: GatewayOptions["onOwnerFault"] = (object, owner, why) => {
	const log = getLogger(["tollway", "gateway"]);
	const what = `${object.kind} ${object.id}`;
	if (owner === null) {
		log.warning("{what} is gone, and its owner could not be forgotten: {why}", {
			what,
			why,
		});
		return;
	}
	log.error(
		"{what} was made for {owner}, and that could not be written down: only the master key sees it. {why}",
		{ what, owner, why },
	);
};

/** More names than this, and clients are inventing them. */
const maxWarned = 100;

/** Warns once of each model without a price. */
export function openUnknownModelWarning(): GatewayOptions["onUnknownModel"] {
	const warned = new Set<string>();
	return (model, entry) => {
		if (warned.has(model) || warned.size >= maxWarned) return;
		warned.add(model);
		getLogger(["tollway", "prices"]).warning(
			"There is no price for the model {model}: its calls are {state}. Add it to TOLLWAY_PRICES_FILE.",
			{ model, state: entry.state },
		);
	};
}
