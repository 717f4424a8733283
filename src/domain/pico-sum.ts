/**
 * Sums of counts times prices, exact at any size. Nearly all of them are whole pico-dollars that a number holds exactly,
 * and numbers cost a tenth of what bigints do; what does not fit, or has a factor, is summed beside it.
 */
import {
	divideUp,
	type Nanos,
	type Picos,
	picosPerNano,
	toNanos,
	toPicos,
} from "./nanos.ts";
import { oneInMillionths } from "./price.ts";

export interface PicoSum {
	/** Whole pico-dollars below 2^53. */
	small: number;
	/** Millionths of a pico-dollar. */
	large: bigint;
}

export const openPicoSum = (): PicoSum => ({ small: 0, large: 0n });

const onePico = BigInt(oneInMillionths);

/** Adds `count` × `picos` × `millionths`. */
export function addTimes(
	sum: PicoSum,
	count: number,
	picos: Picos,
	millionths = oneInMillionths,
): void {
	if (count === 0) return;
	const amount = millionths === oneInMillionths ? count * Number(picos) : -1;
	// A product that is too large for a number is rounded to one that is not safe either.
	if (amount >= 0 && Number.isSafeInteger(sum.small + amount)) {
		sum.small += amount;
	} else {
		sum.large += BigInt(count) * picos * BigInt(millionths);
	}
}

export function addSum(sum: PicoSum, { small, large }: PicoSum): void {
	if (Number.isSafeInteger(sum.small + small)) sum.small += small;
	else sum.large += BigInt(small) * onePico;
	if (large !== 0n) sum.large += large;
}

/** Rounded up. */
export function toSumPicos({ small, large }: PicoSum): Picos {
	if (large !== 0n) {
		return toPicos(BigInt(small) + divideUp(large, onePico));
	}
	return small === 0 ? nothing : toPicos(BigInt(small));
}

const nothing = toPicos(0n);
const perNano = Number(picosPerNano);

/** Rounded up, once. */
export function toSumNanos({ small, large }: PicoSum): Nanos {
	if (large !== 0n) {
		const whole = BigInt(small) * onePico + large;
		return toNanos(divideUp(whole, onePico * picosPerNano));
	}
	const rest = small % perNano;
	const whole = (small - rest) / perNano;
	return toNanos(BigInt(rest === 0 ? whole : whole + 1));
}

/** `count` × `picos` alone. */
export function toProductNanos(count: number, picos: Picos): Nanos {
	const sum = openPicoSum();
	addTimes(sum, count, picos);
	return toSumNanos(sum);
}
