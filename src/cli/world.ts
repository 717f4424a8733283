/**
 * Everything the commands need from outside, so that tests run them in-process and this room imports neither the
 * gateway nor the simulator: `main` puts them in.
 */
import type { Entry } from "../domain/entry.ts";
import type { Clock, UpstreamFetch } from "../platform/contract.ts";
import type { Finding, FindingName } from "../store/verify/findings.ts";
import type { Verified } from "../store/verify/verify.ts";
import type { CallFields } from "./call-line.ts";
import type { Config } from "./config.ts";
import type { Environment } from "./sources.ts";

/** stdout or stderr. */
export interface Output {
	readonly isTty: boolean;
	/** Width of the terminal; undefined in a pipe. */
	readonly columns: number | undefined;
	/**
	 * `done` is called when the operating system has taken the text (bytes of UTF-8 are one too, and must not change until
	 * then), or with the reason why it never will.
	 */
	write(text: string | Uint8Array, done?: (error?: Error | null) => void): void;
}

export interface Build {
	readonly version: string;
	/** Commit it was built from, where known. */
	readonly commit: string | null;
	/** `bun 1.4.5` */
	readonly runtime: string;
}

/** A running gateway. */
export interface Gateway {
	/** Where it listens: `http://127.0.0.1:4000`, no trailing slash, without the root path. */
	readonly url: string;
	/** Calls whose reply has not ended. */
	pending(): number;
	/** Takes no new calls and resolves when the open replies have ended; `force` cuts them. May be called twice. */
	stop(force: boolean): Promise<void>;
}

/** The gateway's management API without a gateway: the database is open, nothing listens. */
export interface Management {
	/** Answers as the gateway would. The request needs a Host header. */
	fetch(request: Request): Promise<Response>;
	/** Everything is written. */
	close(): Promise<void>;
}

/** A running simulator of the Anthropic API. */
export interface Simulator {
	/** No trailing slash. */
	readonly url: string;
	close(): Promise<void>;
}

/** Another program, which gets this one's terminal. */
export interface Child {
	/** As it is found on PATH. */
	readonly command: string;
	readonly args: readonly string[];
	readonly env: Environment;
}

/** A row of the demo: one call as a client would send it. `path` begins with a slash and may hold a query. */
export interface DemoCall {
	readonly title: string;
	readonly method: string;
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string | null;
	/** The status that belongs to it; without it any 2xx does. */
	readonly expectStatus?: number;
}

export interface ServeHooks {
	/** Called once for every finished call; must not throw and never waits. */
	onCall(call: CallFields): void;
	/** Saves an Entry that the ledger did not take; must not throw. */
	onLost(entry: Entry, error: unknown): void;
}

export interface VerifyHooks {
	/** Each as it is found, a bounded number of each kind. */
	onFinding(finding: Finding): void;
	onProgress(done: number, all: number): void;
}

export interface VerifiedLedger extends Verified {
	/** Whether it is what a gateway wrote. */
	readonly ok: boolean;
	/** Of each kind, those that were not told too. */
	readonly counts: Readonly<Partial<Record<FindingName, number>>>;
	/** A sentence; null: everything was looked at. */
	readonly unchecked: string | null;
}

export interface World {
	readonly build: Build;
	readonly env: Environment;
	readonly platform: NodeJS.Platform;
	/** The user's home folder; "" when there is none. */
	readonly home: string;
	readonly cwd: string;
	readonly stdout: Output;
	readonly stderr: Output;
	readonly clock: Clock;
	readonly fetch: UpstreamFetch;
	readonly demoCalls: readonly DemoCall[];
	/** The file's text; throws what `node:fs` throws. */
	readFile(path: string): string;
	/** How many files and sockets this process may have open; null where the system does not tell. */
	openFileLimit(): number | null;
	/** Calls `listener` for SIGINT, SIGTERM and the like until the returned function is called. */
	onSignal(listener: (signal: string) => void): () => void;
	/** Rejects with the system's error (`EADDRINUSE` …) when it cannot listen. */
	serve(config: Config, hooks: ServeHooks): Promise<Gateway>;
	/** Rejects with StoreInUse, or with why the database cannot be opened. */
	openManagement(
		config: Config,
		hooks: Pick<ServeHooks, "onLost">,
	): Promise<Management>;
	/** Only reads. Rejects with StoreError, or with the system's error, when the database cannot be read. */
	verifyLedger(config: Config, hooks: VerifyHooks): Promise<VerifiedLedger>;
	openSimulator(): Promise<Simulator>;
	/** A UUID. */
	readonly newId: () => string;
	/**
	 * Resolves when it has ended, with its exit code; with 128 and the signal's number where one ended it. What signals this
	 * process gets, it gets. Rejects with the system's error (`ENOENT` …) when it cannot be started.
	 */
	runChild(child: Child): Promise<number>;
	/** All that stands in stdin, if that ends in time and is no longer than that; else what has come by then. */
	readInput(bounds: {
		readonly maxBytes: number;
		readonly timeoutMs: number;
	}): Promise<string>;
	/** What the user types behind the question, or null where nobody is there to ask; an end of the input is "". */
	ask(question: string): Promise<string | null>;
}

/** What the process ends with. 78 is EX_CONFIG of sysexits.h. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, config: 78 } as const;
