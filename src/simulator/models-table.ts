interface Size {
	readonly windowTokens: number;
	readonly outputTokens: number;
	/** Knows `inference_geo`: Claude 4.6 and later. */
	readonly geography: boolean;
}

const million = {
	windowTokens: 1_000_000,
	outputTokens: 128_000,
	geography: true,
};
const long = { windowTokens: 200_000, outputTokens: 64_000, geography: false };
const middle = {
	windowTokens: 200_000,
	outputTokens: 32_000,
	geography: false,
};
const short = { windowTokens: 200_000, outputTokens: 8_192, geography: false };
const old = { windowTokens: 200_000, outputTokens: 4_096, geography: false };
const oldest = { windowTokens: 100_000, outputTokens: 4_096, geography: false };

/** Days are UTC. Retired models answer here all the same, so that old examples run. */
export const modelTable: readonly (readonly [
	id: string,
	size: Size,
	released: string,
	deprecated?: string,
	retires?: string,
])[] = [
	["claude-fable-5-2", million, "2026-11-09"],
	["claude-mythos-5-2", million, "2026-11-09"],
	["claude-fable-5-1", million, "2026-09-01"],
	["claude-mythos-5-1", million, "2026-09-01"],
	["claude-fable-5", million, "2026-06-09"],
	["claude-mythos-5", million, "2026-06-09"],
	["claude-mythos-preview", million, "2026-04-07", "2026-06-09"],
	["claude-opus-5-5", million, "2026-09-22"],
	["claude-opus-5", million, "2026-07-24"],
	["claude-opus-4-8", million, "2026-05-28"],
	["claude-opus-4-7", million, "2026-04-16"],
	["claude-opus-4-6", million, "2026-02-05"],
	["claude-opus-4-5-20251101", long, "2025-11-24"],
	[
		"claude-opus-4-1-20250805",
		middle,
		"2025-08-05",
		"2026-06-05",
		"2026-08-05",
	],
	["claude-opus-4-20250514", middle, "2025-05-22", "2026-04-14", "2026-06-15"],
	["claude-3-opus-20240229", old, "2024-02-29", "2025-06-30", "2026-01-05"],
	["claude-sonnet-5-5", million, "2026-09-28"],
	["claude-sonnet-5", million, "2026-06-30"],
	["claude-sonnet-4-6", million, "2026-02-17"],
	[
		"claude-sonnet-4-5-20250929",
		long,
		"2025-09-29",
		"2026-09-30",
		"2026-11-30",
	],
	["claude-sonnet-4-20250514", long, "2025-05-22", "2026-04-14", "2026-06-15"],
	[
		"claude-3-7-sonnet-20250219",
		long,
		"2025-02-24",
		"2025-10-28",
		"2026-02-19",
	],
	[
		"claude-3-5-sonnet-20241022",
		short,
		"2024-10-22",
		"2025-08-13",
		"2025-10-28",
	],
	[
		"claude-3-5-sonnet-20240620",
		short,
		"2024-06-20",
		"2025-08-13",
		"2025-10-28",
	],
	["claude-3-sonnet-20240229", old, "2024-02-29", "2025-01-21", "2025-07-21"],
	["claude-haiku-5-5", million, "2026-10-07"],
	["claude-haiku-4-5-20251001", long, "2025-10-15"],
	[
		"claude-3-5-haiku-20241022",
		short,
		"2024-10-22",
		"2025-12-19",
		"2026-02-19",
	],
	["claude-3-haiku-20240307", old, "2024-03-07", "2026-02-19", "2026-04-20"],
	["claude-2.1", old, "2023-11-21", "2025-01-21", "2025-07-21"],
	["claude-2.0", oldest, "2023-07-11", "2025-01-21", "2025-07-21"],
	["claude-instant-1.2", oldest, "2023-08-09", "2024-09-04", "2024-11-06"],
];

export const modelAliases: Readonly<Record<string, string>> = {
	"claude-opus-4-6-20260205": "claude-opus-4-6",
	"claude-opus-4-5": "claude-opus-4-5-20251101",
	"claude-opus-4-1": "claude-opus-4-1-20250805",
	"claude-opus-4-0": "claude-opus-4-20250514",
	"claude-4-opus-20250514": "claude-opus-4-20250514",
	"claude-3-opus-latest": "claude-3-opus-20240229",
	"claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
	"claude-sonnet-4-0": "claude-sonnet-4-20250514",
	"claude-4-sonnet-20250514": "claude-sonnet-4-20250514",
	"claude-3-7-sonnet-latest": "claude-3-7-sonnet-20250219",
	"claude-3-5-sonnet-latest": "claude-3-5-sonnet-20241022",
	"claude-haiku-4-5": "claude-haiku-4-5-20251001",
	"claude-3-5-haiku-latest": "claude-3-5-haiku-20241022",
};

export const fastModels: readonly string[] = [
	"claude-fable-5-2",
	"claude-opus-5-5",
	"claude-opus-5",
	"claude-opus-4-8",
];
