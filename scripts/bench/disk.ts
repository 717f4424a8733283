import {
	closeSync,
	fdatasyncSync,
	fsyncSync,
	openSync,
	rmSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";

const writes = 200;
const pageBytes = 4_096;

/** The median time, in microseconds, until a page that was put behind the last one is on the disk. */
export function measureSync(folder: string): number {
	const path = join(folder, "sync.bin");
	const descriptor = openSync(path, "w");
	const page = Buffer.alloc(pageBytes, 1);
	const times = Array.from({ length: writes }, () => {
		const start = performance.now();
		writeSync(descriptor, page);
		fdatasyncSync(descriptor);
		return (performance.now() - start) * 1_000;
	});
	closeSync(descriptor);
	rmSync(path);
	return times.sort((a, b) => a - b)[writes >> 1] ?? Number.NaN;
}

export function syncFile(path: string): void {
	const descriptor = openSync(path, "r+");
	fsyncSync(descriptor);
	closeSync(descriptor);
}
