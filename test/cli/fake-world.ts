/** A world in memory: outputs that can be read, signals that can be sent, a gateway that only pretends. */

import type { Config } from "../../src/cli/config.ts";
import type {
	Gateway,
	Output,
	ServeHooks,
	World,
} from "../../src/cli/world.ts";

export interface Recorded extends Output {
	text(): string;
}

export function openRecorder(isTty = false, columns?: number): Recorded {
	let text = "";
	return {
		isTty,
		columns,
		write(part, done) {
			text += part;
			if (done) queueMicrotask(() => done());
		},
		text: () => text,
	};
}

/** Throws as `node:fs` does for a file that is not there. */
export function readNothing(path: string): never {
	throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), {
		code: "ENOENT",
	});
}

/** `readFile` over a table of files; an Error as content is thrown. */
export function openFiles(files: Readonly<Record<string, string | Error>>) {
	return (path: string): string => {
		const content = files[path];
		if (content === undefined) return readNothing(path);
		if (typeof content === "string") return content;
		throw content;
	};
}

export interface FakeWorld extends World {
	readonly stdout: Recorded;
	readonly stderr: Recorded;
	signal(name: string): void;
	/** What `serve` was called with. */
	readonly served: { config: Config; hooks: ServeHooks }[];
	/** How often the gateway was asked to stop: `drain`, `cut`. */
	readonly stops: string[];
}

export interface FakeOptions extends Partial<World> {
	readonly isTty?: boolean;
	readonly columns?: number;
	/** Replies that never end unless cut. */
	readonly openReplies?: number;
}

function openFakeGateway(
	config: Config,
	stops: string[],
	openReplies: number,
): Gateway {
	let pending = openReplies;
	let release: (() => void) | undefined;
	return {
		url: `http://${config.host}:${config.port || 4321}`,
		pending: () => pending,
		async stop(force) {
			stops.push(force ? "cut" : "drain");
			if (force) {
				pending = 0;
				release?.();
			} else if (pending > 0) {
				await new Promise<void>((resolve) => {
					release = resolve;
				});
			}
		},
	};
}

export function openFakeWorld(options: FakeOptions = {}): FakeWorld {
	const { isTty = false, columns, openReplies = 0, ...overrides } = options;
	const listeners = new Set<(signal: string) => void>();
	const onSignal = (listener: (signal: string) => void) => {
		listeners.add(listener);
		return () => void listeners.delete(listener);
	};
	const served: FakeWorld["served"] = [];
	const stops: string[] = [];
	return {
		build: {
			version: "1.2.3",
			commit: "0123456789abcdef",
			runtime: "bun 1.4.5",
		},
		env: {},
		platform: "linux",
		home: "/home/ada",
		cwd: "/srv",
		clock: { now: () => 1_795_000_000_000, monotonic: () => performance.now() },
		fetch: (url, init) => fetch(url, { ...init, redirect: "manual" }),
		demoCalls: [],
		readFile: readNothing,
		openFileLimit: () => 65_536,
		onSignal,
		async serve(config, hooks) {
			served.push({ config, hooks });
			return openFakeGateway(config, stops, openReplies);
		},
		openManagement: () => Promise.reject(new Error("no database here")),
		verifyLedger: () => Promise.reject(new Error("no database here")),
		newId: () => "0198a1b2-0000-7000-8000-000000000000",
		runChild: () => Promise.reject(new Error("no programs here")),
		readInput: async () => "",
		ask: async () => null,
		openSimulator: async () => ({
			url: "http://127.0.0.1:9",
			close: async () => {},
		}),
		...overrides,
		stdout: openRecorder(isTty, columns),
		stderr: openRecorder(isTty, columns),
		signal(name) {
			for (const listener of [...listeners]) listener(name);
		},
		served,
		stops,
	};
}

const waitMaxMs = 3_000;

/** Resolves when the condition holds; throws what it waited for after 3 s. */
export async function until(
	condition: () => boolean,
	what: string,
): Promise<void> {
	const endMs = performance.now() + waitMaxMs;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`waited for: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}
