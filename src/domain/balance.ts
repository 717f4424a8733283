/** What counts against one limit in one window. Every change gives a new balance; what went wrong is a RangeError. */

import { maxNanos } from "./nanos.ts";

export interface Balance {
	/** Final. Only grows while its window lasts. */
	readonly settled: bigint;
	/** Of open holds. */
	readonly held: bigint;
}

export const emptyBalance: Balance = { settled: 0n, held: 0n };

/** Admission. */
export const reserve = ({ settled, held }: Balance, amount: bigint): Balance =>
	checked(settled, held + natural(amount));

/** What was held turns into what it came to. It may be more than was held: then it counts all the same. */
export const settle = (
	{ settled, held }: Balance,
	amounts: { readonly held: bigint; readonly actual: bigint },
): Balance =>
	checked(settled + natural(amounts.actual), held - natural(amounts.held));

/** Nothing was spent. */
export const release = ({ settled, held }: Balance, amount: bigint): Balance =>
	checked(settled, held - natural(amount));

function natural(amount: bigint): bigint {
	if (amount < 0n) throw new RangeError(`an amount below zero: ${amount}`);
	return amount;
}

/** Sums are written to 64-bit columns, and an overflow there would let everything through. */
function checked(settled: bigint, held: bigint): Balance {
	if (held < 0n) throw new RangeError(`more was given back than held: ${held}`);
	if (settled + held > maxNanos) {
		throw new RangeError(`a balance over 64 bits: ${settled} and ${held}`);
	}
	return { settled, held };
}
