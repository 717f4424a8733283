import type { Call } from "./call.ts";
import { ApiError } from "./errors.ts";
import { fastModels, modelAliases, modelTable } from "./models-table.ts";
import { toIdPage } from "./pages.ts";
import { type Reply, toJson } from "./reply.ts";

export interface ModelFacts {
	/** The resolved id, as it stands in replies. */
	readonly id: string;
	readonly windowTokens: number;
	readonly outputTokens: number;
	readonly geography: boolean;
	readonly fast: boolean;
	readonly released: string;
	readonly deprecated: string | null;
	readonly retires: string | null;
}

const models = new Map<string, ModelFacts>(
	modelTable.map(([id, size, released, deprecated, retires]) => [
		id,
		{
			id,
			...size,
			fast: fastModels.includes(id),
			released,
			deprecated: deprecated ?? null,
			retires: retires ?? null,
		},
	]),
);

/** Throws the API's 404 for an id it does not know. */
export function findModel(id: string): ModelFacts {
	const facts = models.get(modelAliases[id] ?? id);
	if (facts === undefined) {
		throw new ApiError("not_found_error", `model: ${id}`);
	}
	return facts;
}

const yes = { supported: true };

/** Every capability is said to be there: the simulator refuses none. */
const capabilities = {
	batch: yes,
	citations: yes,
	code_execution: yes,
	context_management: {
		clear_thinking_20251015: yes,
		clear_tool_uses_20250919: yes,
		compact_20260112: yes,
		supported: true,
	},
	effort: {
		high: yes,
		low: yes,
		max: yes,
		medium: yes,
		supported: true,
		xhigh: yes,
	},
	image_input: yes,
	pdf_input: yes,
	server_tools: { code_execution: yes, supported: true, web_search: yes },
	structured_outputs: yes,
	thinking: {
		supported: true,
		types: { adaptive: yes, between_tools: yes, disabled: yes, enabled: yes },
	},
};

const modelLines = ["haiku", "sonnet", "opus", "fable", "mythos"] as const;

export function toModelInfo(facts: ModelFacts, nowMs: number) {
	return {
		type: "model" as const,
		id: facts.id,
		display_name: toDisplayName(facts.id),
		created_at: toInstant(facts.released),
		max_input_tokens: facts.windowTokens,
		max_tokens: facts.outputTokens,
		capabilities,
		lifecycle: toLifecycle(facts, nowMs),
		deprecated_at: facts.deprecated && toInstant(facts.deprecated),
		retires_at: facts.retires && toInstant(facts.retires),
		line: modelLines.find((line) => facts.id.includes(line)) ?? null,
		allowed_fallback_models: null,
	};
}

/** `claude-opus-4-5-20251101` → `Claude Opus 4.5`, `claude-3-5-sonnet-20241022` → `Claude 3.5 Sonnet`. */
function toDisplayName(id: string): string {
	return id
		.replace(/-\d{8}$/, "")
		.replace(/(\d)-(\d)/g, "$1.$2")
		.split("-")
		.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
		.join(" ");
}

function toInstant(day: string): string {
	return `${day}T00:00:00Z`;
}

function toLifecycle(
	facts: ModelFacts,
	nowMs: number,
): "active" | "deprecated" | "retired" {
	if (facts.retires !== null && Date.parse(facts.retires) <= nowMs) {
		return "retired";
	}
	return facts.deprecated === null ? "active" : "deprecated";
}

/** GET /v1/models: newest first; retired ones only when `lifecycle[]` asks for them. */
export function listModels({ query, world }: Call): Reply {
	const nowMs = world.clock.now();
	const wanted = query.getAll("lifecycle[]");
	const shown = wanted.length === 0 ? ["active", "deprecated"] : wanted;
	const infos = [...models.values()]
		.map((facts) => toModelInfo(facts, nowMs))
		.filter((info) => shown.includes(info.lifecycle))
		.sort((a, b) => b.created_at.localeCompare(a.created_at));
	return toJson(toIdPage(infos, query));
}

/** GET /v1/models/{id}: aliases resolve. */
export function getModel({ params, world }: Call): Reply {
	const facts = findModel(params.id ?? "");
	return toJson(toModelInfo(facts, world.clock.now()));
}
