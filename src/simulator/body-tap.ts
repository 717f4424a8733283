import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

export interface RecordedBody {
	/** The first bytes, up to the record's bound. */
	readonly bytes: Uint8Array;
	/** All bytes that passed. */
	readonly lengthBytes: number;
	/** Lower-case hex over all bytes; null until the body has come to its end. */
	readonly sha256: string | null;
}

export interface BodyTap extends RecordedBody {
	/** Returns how many of the bytes were kept. They must not be changed afterwards. */
	push(bytes: Uint8Array): number;
	finish(): void;
}

/** Watches a body go by: keeps its first `maxBytes`, counts and hashes all of it. */
export function openBodyTap(maxBytes: number): BodyTap {
	let chunks: Uint8Array[] = [];
	let keptBytes = 0;
	let lengthBytes = 0;
	let sha256: string | null = null;
	const hash = createHash("sha256");

	return {
		get bytes() {
			if (chunks.length > 1) chunks = [Buffer.concat(chunks)];
			return chunks[0] ?? new Uint8Array(0);
		},
		get lengthBytes() {
			return lengthBytes;
		},
		get sha256() {
			return sha256;
		},
		push(bytes) {
			lengthBytes += bytes.length;
			hash.update(bytes);
			const kept = Math.min(bytes.length, maxBytes - keptBytes);
			if (kept <= 0) return 0;
			chunks.push(
				kept === bytes.length
					? bytes
					: Uint8Array.from(bytes.subarray(0, kept)),
			);
			keptBytes += kept;
			return kept;
		},
		finish() {
			sha256 ??= hash.digest("hex");
		},
	};
}
