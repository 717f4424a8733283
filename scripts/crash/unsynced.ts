import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How many bytes of a folder's files another folder has not, or has otherwise. */
export function countUnsynced(folder: string, other: string): number {
	let count = 0;
	for (const name of readdirSync(folder)) {
		if (!name.startsWith("tollway.db")) continue;
		const bytes = readFileSync(join(folder, name));
		const path = join(other, name);
		const others = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
		for (let at = 0; at < bytes.length; at++) {
			if (bytes[at] !== others[at]) count += 1;
		}
	}
	return count;
}
