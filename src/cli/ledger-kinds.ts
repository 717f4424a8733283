/** The kinds of value that settings about the ledger can have. */
import type { HoldMode } from "../domain/hold-amount.ts";
import { type Nanos, readDecimal, toNanos } from "../domain/nanos.ts";
import type { Durability } from "../store/ledger.ts";
import { duration, kind } from "./kinds.ts";

/** One of a few words. */
const word = <T extends string>(words: readonly T[]) =>
	kind(words.join(", ").replace(/, ([^,]+)$/, " or $1"), (text) =>
		words.find((one) => one === text.toLowerCase()),
	);

export const durability = word<Durability>(["always", "interval", "off"]);
export const ledgerDown = word(["refuse", "serve"]);
export const holdMode = word<HoldMode>(["usual", "strict"]);

const nanoPlaces = 9;
const mostNanos = 1_000_000_000_000_000n;

export const dollars = kind(
	"dollars such as 10 or 0.50, at most 1000000",
	(text): Nanos | undefined => {
		const nanos = readDecimal(text, nanoPlaces);
		return nanos !== undefined && nanos <= mostNanos
			? toNanos(nanos)
			: undefined;
	},
);

const batchPollMinMs = 10;

/** Milliseconds. */
export const batchPoll = duration.refine((ms) => ms >= batchPollMinMs, {
	message: "expected a time of at least 10ms, such as 5s",
});

const leastDays = 32;
const mostDays = 36_500;

/** Reports and budgets look into the ledger for calls of the last month. */
export const retentionDays = kind(
	`a number of days such as 90, at least ${leastDays}`,
	(text, fail) => {
		const days = Number(/^(\d{1,6}) ?d?$/i.exec(text)?.[1] ?? Number.NaN);
		if (days < leastDays) {
			return fail(
				`reports and budgets need the calls of the last ${leastDays} days`,
			);
		}
		return days <= mostDays ? days : undefined;
	},
);

const retentionMinMs = 1_000;

/** Milliseconds. */
export const retentionEvery = duration.refine((ms) => ms >= retentionMinMs, {
	message: "expected a time of at least 1s, such as 1h",
});

/** In lower case. */
export const headerName = kind("the name of a header", (text) =>
	/^[!#$%&'*+.^_`|~\w-]{1,100}$/.test(text) ? text.toLowerCase() : undefined,
);
