/** Rows of a price file. */

/** The same price for every kind of token. */
export const flat = (each: string) => ({
	input: each,
	output: each,
	cacheWrite5m: each,
	cacheWrite1h: each,
	cacheRead: each,
});
export const row = (each: string, more: object = {}) => ({
	standard: flat(each),
	...more,
});

export const sonnet = "claude-sonnet-5-5";
export const million = { input: 1_000_000 };
