/** A key that has just been made, and what to paste to use it. */
import { toShellLine } from "./banner.ts";
import { fewerTokens } from "./claude-environment.ts";
import type { Given } from "./command-options.ts";
import { toLines } from "./key-info.ts";
import { type KeyRow, listBudgets, listFacts, readKeyRow } from "./key-row.ts";
import type { ManagementApi } from "./management-api.ts";
import { escapeControls } from "./safe-text.ts";
import type { Paint } from "./terminal.ts";
import type { World } from "./world.ts";

export interface Made {
	readonly key: string;
	/** The API's. */
	readonly answer: unknown;
	readonly api: Pick<ManagementApi, "clientUrl" | "opened">;
	readonly given: Given;
}

const anyModel = "claude-sonnet-5-5";

/** One that the key may call. */
const toModel = ({ models }: KeyRow): string =>
	models
		.map((model) => model.replace(/^anthropic\//, ""))
		.find((model) => /^claude-[\w.-]+$/.test(model)) ?? anyModel;

interface Use {
	readonly baseUrl: string;
	readonly key: string;
	readonly model: string;
	/** Whether a budget bounds what the key may spend. */
	readonly isBounded: boolean;
	readonly platform: NodeJS.Platform;
}

/** Clients, and the lines that point them here. */
const clients: readonly {
	readonly name: string;
	readonly toLines: (use: Use) => readonly string[];
}[] = [
	{
		name: "Claude Code",
		toLines: ({ baseUrl, key, isBounded, platform }) => [
			toShellLine(
				[
					["ANTHROPIC_BASE_URL", baseUrl],
					["ANTHROPIC_AUTH_TOKEN", key],
					...(isBounded ? [fewerTokens] : []),
				],
				platform,
			),
		],
	},
	{
		name: "Python",
		toLines: ({ baseUrl, key }) => [
			`client = anthropic.Anthropic(base_url="${baseUrl}", api_key="${key}")`,
		],
	},
	{
		name: "TypeScript",
		toLines: ({ baseUrl, key }) => [
			`const client = new Anthropic({ baseURL: "${baseUrl}", apiKey: "${key}" });`,
		],
	},
	{ name: "curl", toLines: toCurl },
];

function toCurl({ baseUrl, key, model, platform }: Use): string[] {
	const body = JSON.stringify({
		model,
		max_tokens: 64,
		messages: [{ role: "user", content: "Hello" }],
	});
	const [program, next] =
		platform === "win32" ? ["curl.exe", "`"] : ["curl", "\\"];
	return [
		`${program} ${baseUrl}/v1/messages ${next}`,
		`  -H 'authorization: Bearer ${key}' ${next}`,
		`  -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' ${next}`,
		`  -d '${body}'`,
	];
}

function toWhatHappens({ given, api }: Made): string[] {
	const { grace, argument } = given;
	const rotated = argument !== undefined;
	const old =
		grace === undefined
			? "The old value does not work any more."
			: `The old value works for another ${grace}.`;
	return [
		"It is shown this once: only its hash is kept.",
		...(rotated ? [old] : []),
		...(api.opened === null
			? []
			: [
					`No gateway runs; it was written into ${escapeControls(api.opened)}.`,
				]),
	];
}

export function toMadeText(
	made: Made,
	{ platform }: Pick<World, "platform">,
	paint: Paint,
): string {
	const { key, answer, api } = made;
	const row = readKeyRow(answer);
	const baseUrl = `${api.clientUrl}/anthropic`;
	const isBounded = listBudgets(row).length > 0;
	const use = { baseUrl, key, model: toModel(row), isBounded, platform };
	const facts = toLines(listFacts(row), paint);
	return [
		"",
		`  ${paint(["bold", "green"], key)}`,
		"",
		...toWhatHappens(made).map((line) => paint("dim", `  ${line}`)),
		"",
		...facts,
		...(facts.length > 0 ? [""] : []),
		...clients.flatMap(({ name, toLines: toPaste }) => [
			paint("dim", `  ${name}`),
			...toPaste(use).map((line) => `  ${paint("green", line)}`),
			"",
		]),
		"",
	].join("\n");
}
