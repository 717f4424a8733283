/** Bytes, cut anywhere, as lines. */

/** Upstream takes 32 MB for a request and writes less than that for it. */
export const maxLineBytes = 64 * 1024 * 1024;

export interface Lines {
	/** The lines that are complete with this chunk. Of one that is too long, its first `maxLineBytes`. */
	push(chunk: Uint8Array): Uint8Array[];
	/** What came behind the last line end; empty if nothing did. */
	end(): Uint8Array[];
}

const lineEnd = 0x0a;

export function openLines(): Lines {
	let pieces: Uint8Array[] = [];
	let length = 0;
	const keep = (bytes: Uint8Array) => {
		const room = maxLineBytes - length;
		if (room <= 0 || bytes.length === 0) return;
		// The chunk is the runtime's, and may be used again.
		pieces.push(bytes.slice(0, room));
		length += Math.min(room, bytes.length);
	};
	const take = (): Uint8Array[] => {
		const line = Buffer.concat(pieces);
		pieces = [];
		length = 0;
		return line.length === 0 ? [] : [line];
	};
	return {
		push: (chunk) => {
			const lines: Uint8Array[] = [];
			let from = 0;
			for (;;) {
				const at = chunk.indexOf(lineEnd, from);
				if (at < 0) break;
				keep(chunk.subarray(from, at));
				lines.push(...take());
				from = at + 1;
			}
			keep(chunk.subarray(from));
			return lines;
		},
		end: take,
	};
}
