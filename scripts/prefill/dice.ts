import { openRandom } from "../../src/simulator/seeded.ts";

/** Chance that depends on the seed alone. */
export interface Dice {
	/** From 0 to below 1. */
	fraction(): number;
	/** A whole number from 0 to below `count`. */
	below(count: number): number;
	pick<Item>(items: readonly Item[]): Item;
	/** Like what is measured of programs: as often between 10 and 100 as between 100 and 1,000. */
	spread(low: number, high: number): number;
	/** So many hexadecimal digits. */
	hex(digits: number): string;
	/** `msg_01` and 22 letters, as Anthropic's ids are. */
	id(prefix: string): string;
	uuid(): string;
	/** Version 7: begins with its time. */
	timedUuid(ms: number): string;
}

const range = 2 ** 32;
const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const idLetters = 22;
/** One number is good for five letters: 58 ** 5 < 2 ** 32. */
const lettersPerNumber = 5;

export function openDice(seed: number): Dice {
	const random = openRandom(seed);
	const fraction = () => random() / range;
	const below = (count: number) => Math.floor(fraction() * count);
	const hex = (digits: number) => {
		let text = "";
		while (text.length < digits) text += random().toString(16).padStart(8, "0");
		return text.slice(0, digits);
	};
	const letters = (count: number) => {
		let text = "";
		for (let number = 0; text.length < count; number = divide(number)) {
			if (text.length % lettersPerNumber === 0) number = random();
			text += alphabet[number % alphabet.length];
		}
		return text;
	};
	return {
		fraction,
		below,
		pick: (items) => items[below(items.length)] as (typeof items)[number],
		spread: (low, high) => Math.floor(low * (high / low) ** fraction()),
		hex,
		id: (prefix) => `${prefix}_01${letters(idLetters)}`,
		uuid: () => toUuid(`${hex(12)}4${hex(3)}8${hex(15)}`),
		timedUuid: (ms) =>
			toUuid(`${ms.toString(16).padStart(12, "0")}7${hex(3)}8${hex(15)}`),
	};
}

const divide = (number: number) => Math.floor(number / alphabet.length);

const toUuid = (hex: string) =>
	`${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
