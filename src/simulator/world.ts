import type { Clock } from "../platform/contract.ts";
import type { MemoryStore } from "./agents.ts";
import type { Batch } from "./batches.ts";
import { type Books, openBooks } from "./books.ts";
import type { StoredFile } from "./files.ts";
import { openIds } from "./ids.ts";
import { openPromptCache, type PromptCache } from "./prompt-cache.ts";
import type { Session } from "./session-events.ts";
import { openShelf, type Shelf } from "./shelf.ts";
import type { Skill } from "./skills.ts";

/** Everything that one simulator remembers between calls. */
export interface World {
	readonly clock: Clock;
	readonly nextId: (prefix: string) => string;
	readonly cache: PromptCache;
	/** What was served, for the organization's reports. */
	readonly books: Books;
	/** Where `results_url` points to: an origin without a trailing slash. */
	readonly resultsOrigin: () => string;
	readonly batches: Shelf<Batch>;
	readonly files: Shelf<StoredFile>;
	readonly skills: Shelf<Skill>;
	readonly sessions: Shelf<Session>;
	readonly memoryStores: Shelf<MemoryStore>;
}

/** The oldest thing of a kind goes when there are more. */
const maxOfAKind = 1_000;
/** Uploads are held whole. */
const maxUploads = 100;

export interface WorldOptions {
	clock: Clock;
	resultsOrigin: () => string;
}

export function openWorld(options: WorldOptions): World {
	return {
		...options,
		nextId: openIds(),
		cache: openPromptCache(options.clock),
		books: openBooks(),
		batches: openShelf("Message batch", maxUploads),
		files: openShelf("File", maxUploads),
		skills: openShelf("Skill", maxUploads),
		sessions: openShelf("Session", maxOfAKind),
		memoryStores: openShelf("Memory store", maxOfAKind),
	};
}
