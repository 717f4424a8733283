/** What Linux's /proc says of a process and all its descendants. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

export const hasProc = process.platform === "linux";

const kibibyte = 1024;

/** The process and its descendants. */
export function listTree(pid: number): number[] {
	const tree = [pid];
	for (const member of tree) tree.push(...listChildren(member));
	return tree;
}

/** Any thread may have started a child. */
function listChildren(pid: number): number[] {
	const threads = tryRead(() => readdirSync(`/proc/${pid}/task`)) ?? [];
	return threads.flatMap((thread) => {
		const path = `/proc/${pid}/task/${thread}/children`;
		const text = tryRead(() => readFileSync(path, "latin1")) ?? "";
		return text.split(" ").filter(Boolean).map(Number);
	});
}

/** Bytes. */
export interface TreeMemory {
	/** Resident now. */
	readonly rss: number;
	/** The kernel's own high-water mark, summed: at least the tree's true peak. */
	readonly peak: number;
}

export function readMemory(pid: number): TreeMemory {
	let rss = 0;
	let peak = 0;
	for (const member of listTree(pid)) {
		const status =
			tryRead(() => readFileSync(`/proc/${member}/status`, "latin1")) ?? "";
		rss += toBytes(status, "VmRSS");
		peak += toBytes(status, "VmHWM");
	}
	return { rss, peak };
}

function toBytes(status: string, field: string): number {
	const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status);
	return Number(found?.[1] ?? 0) * kibibyte;
}

/** Starts the high-water marks anew (proc(5), clear_refs: 5). False where the system does not let us. */
export function resetPeaks(pid: number): boolean {
	return listTree(pid).every(
		(member) =>
			tryRead(() => {
				writeFileSync(`/proc/${member}/clear_refs`, "5");
				return true;
			}) ?? false,
	);
}

/** Open descriptors. */
export function countDescriptors(pid: number): number {
	return listTree(pid).reduce(
		(sum, member) =>
			sum + (tryRead(() => readdirSync(`/proc/${member}/fd`)) ?? []).length,
		0,
	);
}

/** Undefined for a process that has just ended, and for what the system keeps to itself. */
function tryRead<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch {
		return undefined;
	}
}
