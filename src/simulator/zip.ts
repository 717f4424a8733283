import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

interface ZipEntry {
	name: string;
	bytes: Uint8Array;
}

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
/** 2.0: the oldest version that knows folders. */
const version = 20;
/** Names are UTF-8. */
const utf8Flag = 0x800;
/** 1 January 1980, the first day that a zip can name. */
const firstDay = 0x21;

/** A zip archive that stores its entries uncompressed; the same entries give the same bytes. */
export function toZip(entries: readonly ZipEntry[]): Uint8Array {
	const parts: Uint8Array[] = [];
	const directory: Uint8Array[] = [];
	let offset = 0;
	for (const { name, bytes } of entries) {
		const nameBytes = Buffer.from(name);
		const facts = toFacts(nameBytes, bytes);
		const local = Buffer.concat([toWords(localSignature), facts, nameBytes]);
		const made = Buffer.from([version, 0]);
		// Comment length, disk, internal and external attributes, then where the entry starts.
		const tail = Buffer.alloc(14);
		tail.writeUInt32LE(offset, 10);
		directory.push(toWords(centralSignature), made, facts, tail, nameBytes);
		parts.push(local, bytes);
		offset += local.length + bytes.length;
	}
	const central = Buffer.concat(directory);
	const end = Buffer.alloc(22);
	end.writeUInt32LE(endSignature, 0);
	end.writeUInt16LE(entries.length, 8);
	end.writeUInt16LE(entries.length, 10);
	end.writeUInt32LE(central.length, 12);
	end.writeUInt32LE(offset, 16);
	return Buffer.concat([...parts, central, end]);
}

function toWords(word: number): Uint8Array {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(word, 0);
	return bytes;
}

/** What the local header and the directory both say of an entry. */
function toFacts(name: Uint8Array, bytes: Uint8Array): Uint8Array {
	const facts = Buffer.alloc(26);
	facts.writeUInt16LE(version, 0);
	facts.writeUInt16LE(utf8Flag, 2);
	facts.writeUInt16LE(firstDay, 8);
	facts.writeUInt32LE(crc32(bytes), 10);
	facts.writeUInt32LE(bytes.length, 14);
	facts.writeUInt32LE(bytes.length, 18);
	facts.writeUInt16LE(name.length, 22);
	return facts;
}
