/** What Claude Code says a session has cost, and what the ledger says. */
import type { Script } from "../../src/simulator/script.ts";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openShipped } from "../pricing/usages.ts";
import { quiet, runClaude } from "./run-claude.ts";
import { gatewayKey } from "./tapped-rig.ts";

/** Every kind of token, at numbers that no price divides. */
const cached = {
	input_tokens: 1_003,
	cache_creation_input_tokens: 2_504,
	cache_creation: {
		ephemeral_5m_input_tokens: 2_001,
		ephemeral_1h_input_tokens: 503,
	},
	cache_read_input_tokens: 10_007,
	output_tokens: 307,
};

/** What upstream says of one call. */
export const usages = {
	"every kind of token": cached,
	"in the US, with two searches": {
		...cached,
		inference_geo: "us",
		server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
	},
	"a prompt of 230,014 tokens": { ...cached, cache_read_input_tokens: 226_507 },
	fast: { ...cached, speed: "fast" },
} as const;

export type UsageName = keyof typeof usages;

export interface ClaudeCost {
	readonly model: string;
	readonly usage: string;
	/** `list`: it knows a price for the model; `unknown`: it takes another one's. */
	readonly basis: string;
	/** In nano-dollars: its floating-point dollars, to a thousandth of one. */
	readonly claudeNanos: number;
	readonly ledgerNanos: number;
	/** Of the session; each is rounded up to a nano-dollar. */
	readonly calls: number;
}

/** Every model that has a price here, as a client names it. */
export const pricedModels: readonly string[] = openShipped().models.map(
	({ model }) => model,
);

/** One nano-dollar per call for rounding up, and what floating point may be off. */
const floatNanos = 0.01;

/** Whether the two are the same, to the nano-dollar. */
export const isSame = ({ claudeNanos, ledgerNanos, calls }: ClaudeCost) => {
	const over = ledgerNanos - claudeNanos;
	return over > -floatNanos && over < calls + floatNanos;
};

export interface ClaudeRig {
	/** One session, with a call per usage. */
	measure(model: string, said: readonly UsageName[]): Promise<ClaudeCost>;
	stop(): Promise<void>;
}

export async function openClaudeRig(program: string): Promise<ClaudeRig> {
	const env = { TOLLWAY_MASTER_KEY: gatewayKey };
	const rig = await openLedgerRig({ env });
	return {
		measure: (model, said) => measure(rig, { program, model, said }),
		stop: rig.stop,
	};
}

const done = {
	content: [{ type: "text", text: "Done." }],
	stop_reason: "end_turn",
};
/** Brings it to ask once more. */
const goOn = {
	content: [
		{
			type: "tool_use",
			id: "toolu_01toll",
			name: "Bash",
			input: { command: "echo toll" },
		},
	],
	stop_reason: "tool_use",
};

async function measure(
	rig: LedgerRig,
	given: {
		readonly program: string;
		readonly model: string;
		readonly said: readonly UsageName[];
	},
): Promise<ClaudeCost> {
	const { program, model, said } = given;
	const scripts: Script[] = said.map((usage, at) => ({
		message: {
			...(at === said.length - 1 ? done : goOn),
			usage: usages[usage],
		},
	}));
	const last = scripts.at(-1);
	const before = (await rig.entries()).length;
	rig.simulator.record.clear();
	const takeBack = rig.simulator.script(() => scripts.shift() ?? last);
	const { output } = await runClaude(program, "hi", {
		args: ["--model", model, "--allowedTools", "Bash(echo:*)"],
		env: {
			...quiet,
			ANTHROPIC_BASE_URL: `${rig.url}/anthropic`,
			ANTHROPIC_AUTH_TOKEN: gatewayKey,
		},
	});
	takeBack();
	const [used] = Object.values(output.modelUsage);
	const seen = rig.simulator.record.all().length;
	const entries = await rig.waitForEntries(before + seen);
	const costs = entries
		.filter(({ sessionId }) => sessionId === output.session_id)
		.map(({ cost }) => Number(cost));
	return {
		model,
		usage: said.join(", then "),
		basis: used?.costBasis ?? "none",
		claudeNanos: Math.round(output.total_cost_usd * 1e12) / 1e3,
		ledgerNanos: costs.reduce((sum, cost) => sum + cost, 0),
		calls: costs.length,
	};
}
