import type { ReleaseChunk } from "./contract.ts";

/** Bun's server has written or copied a chunk of a reply before it asks for the next (1.4.5). */
export const releaseChunk: ReleaseChunk = ({ buffer, byteOffset, length }) => {
	const isLast = byteOffset + length === buffer.byteLength;
	if (isLast && buffer instanceof ArrayBuffer) buffer.transfer(0);
};
