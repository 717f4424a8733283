declare const brand: unique symbol;

/** Nano-dollars: 1 USD = 1,000,000,000. Whole numbers only; no float touches money. Fits 64 bits in tables. */
export type Nanos = bigint & { readonly [brand]: "nanos" };

/** Pico-dollars: 1 USD = 1,000,000,000,000. Every list price of a token is a whole number of them. */
export type Picos = bigint & { readonly [brand]: "picos" };

export const toNanos = (value: bigint): Nanos => value as Nanos;
export const toPicos = (value: bigint): Picos => value as Picos;

export const noNanos: Nanos = toNanos(0n);

const picosPerNano = 1000n;

/** Rounded up: what is recorded never falls short of what is owed. */
export function roundUp(picos: Picos): Nanos {
	const whole = picos / picosPerNano;
	return toNanos(picos % picosPerNano > 0n ? whole + 1n : whole);
}

const nanosPerDollar = 1_000_000_000n;

/** Exact and without exponent: `0.013`, `12.5`, `-0.000000001`, `0`. */
export function toDollarText(nanos: Nanos): string {
	const sign = nanos < 0n ? "-" : "";
	const size = nanos < 0n ? -nanos : nanos;
	const fraction = String(size % nanosPerDollar)
		.padStart(9, "0")
		.replace(/0+$/, "");
	return `${sign}${size / nanosPerDollar}${fraction && `.${fraction}`}`;
}
