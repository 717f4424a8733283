/** What crosses: made from a number alone, so that both ends know every byte of it without telling each other. */
import { openRandom } from "../../src/simulator/seeded.ts";

export const messageBody = JSON.stringify({
	model: "claude-sonnet-5-5",
	max_tokens: 1024,
	stream: true,
	messages: [{ role: "user", content: "Grüße 👋" }],
});

export const message = {
	type: "application/json",
	length: Buffer.byteLength(messageBody),
};

const longestText = 400;

/** The `index`th event of a stream, with its blank line; lengths differ, and none is like another. */
export function toEvent(
	stream: string,
	index: number,
): Uint8Array<ArrayBuffer> {
	const random = openRandom(Bun.hash.crc32(`${stream}/${index}`));
	const length = random() % longestText;
	const text = Array.from({ length }, () =>
		String.fromCodePoint(0x20 + (random() % 0x2000)),
	).join("");
	const data = JSON.stringify({
		type: "content_block_delta",
		stream,
		index,
		text,
	});
	return Buffer.from(`event: content_block_delta\ndata: ${data}\n\n`);
}

export const toEvents = (stream: string, count: number): Buffer =>
	Buffer.concat(
		Array.from({ length: count }, (_, index) => toEvent(stream, index)),
	);
