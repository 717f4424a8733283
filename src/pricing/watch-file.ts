/** A small file that somebody may edit or replace at any moment. */
import { readFileSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";

const fileMaxBytes = 4 * 2 ** 20;

/** The text, and the fingerprint of the file it was in; or what is wrong, to go behind the path. */
export type WholeFile =
	| { readonly text: string; readonly stamp: string }
	| { readonly fault: string };

interface Stats {
	readonly ino: bigint;
	readonly size: bigint;
	readonly mtimeNs: bigint;
	readonly ctimeNs: bigint;
}

const toStamp = ({ ino, size, mtimeNs, ctimeNs }: Stats) =>
	[ino, size, mtimeNs, ctimeNs].join(" ");

function toFault(error: unknown): string {
	const code = (error as { code?: unknown } | null)?.code;
	return code === "ENOENT"
		? "does not exist"
		: `cannot be read (${typeof code === "string" ? code : String(error)})`;
}

/** Only if nobody wrote to it meanwhile: half a file is no file. A pipe, which might never end, is none either. */
export function readWhole(path: string): WholeFile {
	try {
		const before = statSync(path, { bigint: true });
		if (!before.isFile()) return { fault: "is no file" };
		if (before.size > fileMaxBytes) return { fault: "is larger than 4 MB" };
		const text = readFileSync(path, "utf8");
		const stamp = toStamp(statSync(path, { bigint: true }));
		return stamp === toStamp(before)
			? { text, stamp }
			: { fault: "is being written" };
	} catch (error) {
		return { fault: toFault(error) };
	}
}

/** The file's fingerprint, or why it has none. */
async function readStamp(path: string): Promise<string> {
	try {
		return toStamp(await stat(path, { bigint: true }));
	} catch (error) {
		return toFault(error);
	}
}

export interface WatchOptions {
	/** The fingerprint of what is known already. */
	readonly stamp: string;
	readonly pollMs: number;
	/** Called once per change; must not throw. */
	onChange(file: WholeFile): void;
}

/**
 * Looks every `pollMs`, which also sees files replaced by a rename, mounted from elsewhere or reached through a link that
 * was turned. A change counts when the next look still finds the same: until then somebody may be writing. Keeps no
 * process alive. Returns what ends it.
 */
export function watchFile(path: string, options: WatchOptions): () => void {
	const { pollMs, onChange } = options;
	let known = options.stamp;
	let seen = known;
	let closed = false;
	let timer: ReturnType<typeof setTimeout>;
	async function look(): Promise<void> {
		const stamp = await readStamp(path);
		if (closed) return;
		if (stamp === seen && stamp !== known) {
			known = stamp;
			onChange(readWhole(path));
		}
		seen = stamp;
		wait();
	}
	function wait(): void {
		timer = setTimeout(() => void look(), pollMs);
		timer.unref();
	}
	wait();
	return () => {
		closed = true;
		clearTimeout(timer);
	};
}
