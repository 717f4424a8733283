/** An Entry as LiteLLM shows it: a row of LiteLLM_SpendLogs. */
import type { Entry } from "../domain/entry.ts";
import { type Nanos, noNanos, toDollarText } from "../domain/nanos.ts";

/** Dollars as a float, for clients that expect one; what must be exact is text. */
export const toDollars = (nanos: Nanos): number => Number(toDollarText(nanos));

/** Only what the operator pays is spend: the rows then add up to the sums. */
export const toSpent = ({ payer, cost }: Entry): Nanos =>
	payer === "operator" && cost !== null ? cost : noNanos;

export const toTime = (ms: number): string => new Date(ms).toISOString();

/** An error within a stream comes after its 200. */
export const toStatus = ({ status, errorType }: Entry) =>
	status >= 200 && status < 400 && errorType === null ? "success" : "failure";

export const toTagRow = (tag: string, calls: number, spend: Nanos) => ({
	individual_request_tag: tag,
	log_count: calls,
	total_spend: toDollars(spend),
});

const toPromptTokens = (entry: Entry): number =>
	entry.input + entry.cacheWrite5m + entry.cacheWrite1h + entry.cacheRead;

/**
 * Every column, in LiteLLM's units and forms: dollars as a float, times ISO 8601 in UTC, prompt tokens with those of the
 * cache. The exact cost, as a decimal text, and all that LiteLLM has no column for stand in `metadata`.
 * @param upstreamUrl without a slash at its end
 */
export function toSpendRow(entry: Entry, upstreamUrl: string) {
	const { startedMs, durationMs, firstByteMs } = entry;
	const endedMs = startedMs + durationMs;
	const promptTokens = toPromptTokens(entry);
	return {
		request_id: entry.id,
		call_type: "pass_through_endpoint",
		api_key: entry.keyId ?? "",
		spend: toDollars(toSpent(entry)),
		total_tokens: promptTokens + entry.output,
		prompt_tokens: promptTokens,
		completion_tokens: entry.output,
		startTime: toTime(startedMs),
		endTime: toTime(endedMs),
		completionStartTime: toTime(
			entry.streamed && firstByteMs !== null
				? startedMs + firstByteMs
				: endedMs,
		),
		request_duration_ms: durationMs,
		model: entry.servedModel ?? entry.requestedModel ?? "unknown",
		model_id: "",
		model_group: "",
		custom_llm_provider: "anthropic",
		api_base: upstreamUrl + entry.path,
		user: entry.userId ?? "",
		metadata: toMetadata(entry),
		cache_hit: "False",
		cache_key: "Cache OFF",
		request_tags: entry.tags,
		team_id: entry.teamId,
		organization_id: null,
		agent_id: entry.agentId,
		end_user: entry.endUser ?? "",
		requester_ip_address: entry.clientAddress,
		messages: {},
		response: {},
		proxy_server_request: {},
		session_id: entry.sessionId,
		status: toStatus(entry),
		mcp_namespaced_tool_name: null,
	};
}

const toMetadata = (entry: Entry) => ({
	...toLabelMetadata(entry.metadata),
	user_api_key: entry.keyId,
	user_api_key_alias: null,
	user_api_key_team_id: entry.teamId,
	user_api_key_team_alias: null,
	user_api_key_user_id: entry.userId,
	user_api_key_org_id: null,
	requester_ip_address: entry.clientAddress,
	status: toStatus(entry),
	error_information: toErrorInformation(entry),
	usage_object: toUsageObject(entry),
	additional_usage_values: parse(entry.usageRest),
	...toOwnMetadata(entry),
});

/** What LiteLLM has no place for. */
const toOwnMetadata = (entry: Entry) => ({
	kind: entry.kind,
	/** How well the cost is known. */
	cost_state: entry.state,
	/** Dollars, exact; null: unpriced. */
	cost: entry.cost === null ? null : toDollarText(entry.cost),
	held: toDollarText(entry.held),
	price: entry.price,
	price_catalog: entry.catalog,
	payer: entry.payer,
	corrects: entry.corrects,
	message_id: entry.messageId,
	upstream_request_id: entry.upstreamRequestId,
	cache_read_input_tokens: entry.cacheRead,
	cache_creation_input_tokens: entry.cacheWrite5m + entry.cacheWrite1h,
	ephemeral_5m_input_tokens: entry.cacheWrite5m,
	ephemeral_1h_input_tokens: entry.cacheWrite1h,
	thinking_tokens: entry.thinking,
	web_search_requests: entry.webSearches,
	requested_model: entry.requestedModel,
	service_tier: entry.serviceTier,
	inference_geo: entry.inferenceGeo,
	speed: entry.speed,
	stop_reason: entry.stopReason,
	http_method: entry.method,
	http_status: entry.status,
	end: entry.end,
	stream: entry.streamed,
	first_byte_ms: entry.firstByteMs,
	user_agent: entry.userAgent,
	parent_agent_id: entry.parentAgentId,
	request_bytes: entry.requestBytes,
	reply_bytes: entry.replyBytes,
	request_sha256: entry.requestHash,
	reply_sha256: entry.replyHash,
});

const toErrorInformation = (entry: Entry) =>
	toStatus(entry) === "success"
		? null
		: {
				error_code: String(entry.status),
				error_class: entry.errorType ?? entry.end,
				llm_provider: "anthropic",
			};

function toUsageObject(entry: Entry) {
	const promptTokens = toPromptTokens(entry);
	return {
		prompt_tokens: promptTokens,
		completion_tokens: entry.output,
		total_tokens: promptTokens + entry.output,
		cache_read_input_tokens: entry.cacheRead,
		cache_creation_input_tokens: entry.cacheWrite5m + entry.cacheWrite1h,
	};
}

/** What the client said under this name stays there; labels and notes of ours stand beside it. */
function toLabelMetadata(metadata: string | null): object {
	const labels = parse(metadata);
	const none = { spend_logs_metadata: null };
	if (labels === null) return none;
	return typeof labels === "object"
		? { ...none, ...labels }
		: { spend_logs_metadata: labels };
}

/** JSON that we wrote ourselves; if it is none all the same, the row must be seen. */
function parse(json: string | null): unknown {
	if (json === null) return null;
	try {
		return JSON.parse(json);
	} catch {
		return json;
	}
}
