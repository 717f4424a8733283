/** A batch of three models, and what it must cost, computed by hand from its results. */

/** Pico-dollars for a token at batch rates: half of the list price. In the order of `counts`. */
const picos: Readonly<Record<string, readonly bigint[]>> = {
	"claude-sonnet-5-5": [
		1_000_000n,
		5_000_000n,
		50_000n,
		1_250_000n,
		2_000_000n,
	],
	"claude-opus-5": [2_500_000n, 12_500_000n, 250_000n, 3_125_000n, 5_000_000n],
	"claude-haiku-4-5-20251001": [
		500_000n,
		2_500_000n,
		50_000n,
		625_000n,
		1_000_000n,
	],
};

export const models = Object.keys(picos);

interface Line {
	custom_id: string;
	result: {
		type: string;
		message: {
			model: string;
			usage: {
				input_tokens: number;
				output_tokens: number;
				cache_read_input_tokens: number;
				cache_creation: {
					ephemeral_5m_input_tokens: number;
					ephemeral_1h_input_tokens: number;
				};
			};
		};
	};
}

/** Nano-dollars of each model's requests: each rounded up to a whole nano-dollar. */
export function toCosts(results: string): Record<string, bigint> {
	const costs: Record<string, bigint> = {};
	for (const text of results.trim().split("\n")) {
		const { result } = JSON.parse(text) as Line;
		if (result.type !== "succeeded") continue;
		const { model, usage } = result.message;
		const counts = [
			usage.input_tokens,
			usage.output_tokens,
			usage.cache_read_input_tokens,
			usage.cache_creation.ephemeral_5m_input_tokens,
			usage.cache_creation.ephemeral_1h_input_tokens,
		];
		const sum = counts.reduce(
			(all, count, at) => all + BigInt(count) * (picos[model]?.[at] ?? 0n),
			0n,
		);
		costs[model] = (costs[model] ?? 0n) + (sum + 999n) / 1000n;
	}
	return costs;
}

export const toRequests = (count: number) =>
	Array.from({ length: count }, (_, at) => ({
		custom_id: `request-${at}`,
		params: {
			model: models[at % models.length],
			max_tokens: 20 + (at % 30),
			messages: [
				{ role: "user", content: `Toll number ${at}. `.repeat(1 + (at % 5)) },
			],
		},
	}));
