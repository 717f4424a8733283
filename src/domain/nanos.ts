declare const brand: unique symbol;

/** Nano-dollars: 1 USD = 1,000,000,000. Whole numbers only; no float touches money. Fits 64 bits in tables. */
export type Nanos = bigint & { readonly [brand]: "nanos" };

/** Pico-dollars: 1 USD = 1,000,000,000,000. Every list price of a token is a whole number of them. */
export type Picos = bigint & { readonly [brand]: "picos" };

export const toNanos = (value: bigint): Nanos => value as Nanos;
export const toPicos = (value: bigint): Picos => value as Picos;

export const noNanos: Nanos = toNanos(0n);
export const noPicos: Picos = toPicos(0n);

/** What a 64-bit column can hold: nine thousand million dollars. */
export const maxNanos: Nanos = toNanos(2n ** 63n - 1n);

/** What one call can cost or hold at the most, nine million dollars: exact in every runtime and in JSON. */
export const maxCallNanos: Nanos = toNanos(2n ** 53n - 1n);

/** Of whole numbers, none negative. */
export function divideUp(value: bigint, by: bigint): bigint {
	return (value + by - 1n) / by;
}

export const picosPerNano = 1000n;

/** Rounded up: what is recorded never falls short of what is owed. */
export function roundUp(picos: Picos): Nanos {
	const whole = picos / picosPerNano;
	return toNanos(picos % picosPerNano > 0n ? whole + 1n : whole);
}

const decimal = /^(\d{1,9})(?:\.(\d{1,12}))?$/;

/**
 * A decimal as the whole number of its smallest parts: `0.125` with 6 places is 125000n. Undefined for what is no plain
 * decimal (sign, exponent, blank), has more places, or ten digits before the point.
 */
export function readDecimal(text: string, places: number): bigint | undefined {
	const [, whole, fraction = ""] = decimal.exec(text) ?? [];
	if (whole === undefined || fraction.length > places) return undefined;
	return BigInt(whole + fraction.padEnd(places, "0"));
}

/** The way back, exact and without exponent: 125000n with 6 places is `0.125`. */
export function toDecimalText(value: bigint, places: number): string {
	const number = Number(value);
	// Every amount of a call is one that a number holds exactly, and its digits cost a third.
	const isExact = number >= 0 && Number.isSafeInteger(number);
	const digits = String(isExact ? number : value < 0n ? -value : value);
	return value < 0n
		? `-${toPointed(digits, places)}`
		: toPointed(digits, places);
}

const zero = 0x30;
const maxPlaces = 12;
const zeros = Array.from({ length: maxPlaces + 1 }, (_, n) => "0".repeat(n));

/** Puts the point before the last `places` digits, and drops the zeros at the end. As few strings as can be. */
function toPointed(digits: string, places: number): string {
	if (digits === "0") return digits;
	let end = digits.length;
	while (digits.charCodeAt(end - 1) === zero) end--;
	const point = digits.length - places;
	if (point <= 0) return `0.${zeros[-point]}${digits.slice(0, end)}`;
	const whole = digits.slice(0, point);
	return end <= point ? whole : `${whole}.${digits.slice(point, end)}`;
}

/** In dollars: `0.013`, `12.5`, `-0.000000001`, `0`. */
export const toDollarText = (nanos: Nanos): string => toDecimalText(nanos, 9);
