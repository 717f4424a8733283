/** A reply read to its end, or, when it is longer than the bound, a stream that gives all of it. */
export type ReadReply =
	| { readonly whole: Uint8Array<ArrayBuffer> }
	| { readonly whole: null; readonly rest: ReadableStream<Uint8Array> };

/** For a reply of unknown length. Rejects with the runtime's error when upstream breaks off. */
export async function readReply(
	reply: Response,
	maxBytes: number,
): Promise<ReadReply> {
	const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
	const chunks: Uint8Array[] = [];
	let length = 0;
	while (length <= maxBytes) {
		const { done, value } = await reader.read();
		if (done) return { whole: Buffer.concat(chunks, length) };
		chunks.push(value);
		length += value.length;
	}
	return { whole: null, rest: toStream(chunks, reader) };
}

function toStream(
	chunks: Uint8Array[],
	reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				const value = chunks.shift() ?? (await reader.read()).value;
				if (value) controller.enqueue(value);
				else controller.close();
			},
			cancel: (reason) => reader.cancel(reason),
		},
		{ highWaterMark: 0 },
	);
}
