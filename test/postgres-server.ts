/** The processes of one PostgreSQL server: their start, their end, and that none of them outlives the tests. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresPrograms } from "./needs.ts";

const startLimitMs = 30_000;
const endLimitMs = 10_000;
const pollMs = 5;
const logTailCharacters = 2_000;

/**
 * Runs the server below itself and ends with it. When stdin ends, as it does when the process at its other end ends, even
 * by SIGKILL, the server is killed and the folder removed.
 */
const guard = `
exec 3<&0
trap "" INT HUP
"$@" </dev/null >>log 2>&1 3<&- & server=$!
{
	read -r _
	trap "" TERM
	cd /
	kill -KILL "$server" $(cat "/proc/$server/task/$server/children" || pgrep -P "$server")
	for attempt in 1 2 3 4 5; do rm -rf "$OLDPWD" && break; sleep 0.2; done
} <&3 2>/dev/null & watch=$!
exec 3<&-
wait "$server"; code=$?
kill "$watch"
exit "$code"
`;

/** Makes the cluster where there is none. Nobody else may enter the folder, so its Unix socket trusts whoever comes. */
const program = `
bin=$1 auth=$2; shift 2
[ -f data/PG_VERSION ] || "$bin/initdb" --pgdata=data --username=postgres --encoding=UTF8 --no-locale --no-sync \
	--auth-local=trust --auth-host="$auth" || exit
exec "$bin/postgres" -D data "$@"
`;

export interface ServerOptions {
	readonly programs: PostgresPrograms;
	/** Empty, or as an earlier server left it; the user it runs as owns it. */
	readonly folder: string;
	readonly auth: "scram-sha-256" | "trust";
	/** As in postgresql.conf. */
	readonly settings: Readonly<Record<string, string>>;
}

export interface Server {
	/** Resolves when it takes connections. Rejects with the end of its log. */
	start(port: number): Promise<void>;
	/** Freezes every process of it. */
	pause(): void;
	resume(): void;
	/** SIGKILL to every process of it; resolves when they are gone. */
	kill(): Promise<void>;
	/** Ends it in order when it runs; its folder goes too. */
	close(): Promise<void>;
}

export function openServer(options: ServerOptions): Server {
	const { folder } = options;
	const life = openLife(folder);
	let guardian: ChildProcess | null = null;
	const waitForEnd = async () => {
		const ending = guardian;
		if (ending === null) return;
		await waitUntil(() => hasEnded(ending), endLimitMs, "does not end");
		guardian = null;
		// A crash leaves it behind, and it would call the next server ready while that one is still starting.
		rmSync(toPidFile(folder), { force: true });
	};
	const resume = () => {
		for (const pid of listProcesses(folder)) send(pid, "SIGCONT");
	};
	return {
		start: async (port) => {
			guardian = spawnGuard(options, { port, life: life.reader() });
			await waitUntilReady(guardian, folder);
		},
		pause: () => {
			freeze(folder);
		},
		resume,
		kill: async () => {
			for (const pid of freeze(folder)) send(pid, "SIGKILL");
			await waitForEnd();
		},
		close: async () => {
			// A frozen process cannot end, nor notice that the others have.
			resume();
			const [main] = listProcesses(folder);
			if (main === undefined) life.close();
			else send(main, "SIGINT");
			try {
				await waitForEnd();
			} finally {
				life.close();
				rmSync(folder, { recursive: true, force: true });
			}
		},
	};
}

/** A pipe whose other end nobody but this process holds: as a number, since an object would be closed when it is collected. */
function openLife(folder: string) {
	const path = join(folder, "life");
	const made = spawnSync("mkfifo", [path]);
	if (made.status !== 0) throw new Error(`mkfifo: ${made.stderr}`);
	let writer: number | null = openSync(path, "r+");
	return {
		reader: () => openSync(path, "r"),
		close: () => {
			if (writer !== null) closeSync(writer);
			writer = null;
		},
	};
}

function spawnGuard(
	{ programs, folder, auth, settings }: ServerOptions,
	{ port, life }: { readonly port: number; readonly life: number },
): ChildProcess {
	const flags = Object.entries({ port, ...settings }).flatMap(
		([name, value]) => ["-c", `${name}=${value}`],
	);
	const server = ["sh", "-c", program, "program", programs.bin, auth, ...flags];
	const child = spawn("sh", ["-c", guard, "guard", ...server], {
		cwd: folder,
		// A group of its own: Ctrl-C is for the tests.
		detached: true,
		env: { PATH: process.env.PATH },
		stdio: [life, "ignore", "ignore"],
		...programs.owner,
	});
	closeSync(life);
	child.unref();
	return child;
}

async function waitUntilReady(guardian: ChildProcess, folder: string) {
	const isReady = () => /^ready/m.test(readText(toPidFile(folder)));
	await waitUntil(
		() => isReady() || hasEnded(guardian),
		startLimitMs,
		"does not start",
	);
	if (isReady()) return;
	const log = readText(join(folder, "log")).slice(-logTailCharacters);
	throw new Error(`PostgreSQL does not start: ${log}`);
}

async function waitUntil(
	condition: () => boolean,
	limitMs: number,
	complaint: string,
) {
	const endMs = performance.now() + limitMs;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`PostgreSQL ${complaint}`);
		await sleep(pollMs);
	}
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
	exitCode !== null || signalCode !== null;

const toPidFile = (folder: string) => join(folder, "data", "postmaster.pid");

/** Empty for one that is not there; the server makes its own anew while it starts. */
function readText(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		if ((error as { code?: unknown }).code === "ENOENT") return "";
		throw error;
	}
}

/** The main process, which is named first in its file, then those it has started; none when it does not run. */
function listProcesses(folder: string): number[] {
	const main = Number.parseInt(readText(toPidFile(folder)), 10);
	if (Number.isNaN(main)) return [];
	const known = `/proc/${main}/task/${main}/children`;
	const children = existsSync(known)
		? readText(known)
		: String(spawnSync("pgrep", ["-P", String(main)]).stdout);
	return [main, ...children.split(/\s+/).filter(Boolean).map(Number)];
}

/** The main process first: then no others are started while the rest is listed. */
function freeze(folder: string): number[] {
	for (const pid of listProcesses(folder).slice(0, 1)) send(pid, "SIGSTOP");
	const all = listProcesses(folder);
	for (const pid of all) send(pid, "SIGSTOP");
	return all;
}

function send(pid: number, signal: NodeJS.Signals) {
	try {
		process.kill(pid, signal);
	} catch (error) {
		// It ended after it was listed.
		if ((error as { code?: unknown }).code !== "ESRCH") throw error;
	}
}
