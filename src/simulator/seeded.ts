/** Numbers from 0 to below 2^32 that depend on the seed alone (mulberry32). */
export function openRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return (mixed ^ (mixed >>> 14)) >>> 0;
	};
}

export const blockBytes = 65_536;

/** The `index`th block of the endless seeded data that `big_bytes` sends; `length` bytes of it. */
export function toSeededBlock(index: number, length = blockBytes): Uint8Array {
	const random = openRandom(index);
	const words = new Uint32Array(blockBytes / 4);
	for (let at = 0; at < words.length; at++) words[at] = random();
	return new Uint8Array(words.buffer, 0, length);
}

/** So many bytes of it, one block at a time. */
export function* toSeededBlocks(totalBytes: number): Generator<Uint8Array> {
	for (let index = 0, left = totalBytes; left > 0; index++) {
		const length = Math.min(left, blockBytes);
		yield toSeededBlock(index, length);
		left -= length;
	}
}
