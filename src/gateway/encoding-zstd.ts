/** Where the frames of a zstd body end (RFC 8878 §3.1), read from their headers alone. */

const magic = 0xfd2fb528;
/** Sixteen of them: the last four bits are free. */
const skippableMagic = 0x184d2a50;
const dictionaryIdBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];
/** Only the size of a run's result is in its header; the run itself is one byte. */
const runBlock = 1;

/** Whether the bytes are one or more frames and nothing else. What is in the frames is not looked at. */
export function isWholeZstd(bytes: Uint8Array<ArrayBuffer>): boolean {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	let at = 0;
	try {
		do at = endOfFrame(view, at);
		while (at < bytes.length);
	} catch (error) {
		// DataView's own answer to a read beyond the end
		if (error instanceof RangeError) return false;
		throw error;
	}
	return at === bytes.length;
}

function endOfFrame(view: DataView, start: number): number {
	const found = view.getUint32(start, true);
	if ((found & 0xfffffff0) >>> 0 === skippableMagic) {
		return start + 8 + view.getUint32(start + 4, true);
	}
	if (found !== magic) return Number.NaN;
	const descriptor = view.getUint8(start + 4);
	const single = (descriptor >> 5) & 1;
	const sizeFlag = descriptor >> 6;
	const sizeBytes = sizeFlag === 0 ? single : (contentSizeBytes[sizeFlag] ?? 0);
	const windowBytes = 1 - single;
	let at =
		start +
		5 +
		windowBytes +
		(dictionaryIdBytes[descriptor & 3] ?? 0) +
		sizeBytes;
	let last = 0;
	while (last === 0) {
		const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
		last = header & 1;
		at += 3 + (((header >> 1) & 3) === runBlock ? 1 : header >> 3);
	}
	return at + 4 * ((descriptor >> 2) & 1);
}
