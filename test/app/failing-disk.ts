/** A gateway whose files fail as a test wants, and what it has recorded. */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Simulator } from "../../src/simulator/simulator.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { needs } from "../needs.ts";
import { type GatewayProcess, startGateway, upstreamKey } from "../rig.ts";

export const canFail = process.platform === "linux" && needs.tool("cc");

export interface Calls {
	readonly simulator: Simulator;
	readonly dataDir: string;
	start(env?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
	/** From now on; null: nothing fails any more. Only where `canFail`. */
	fail(what: Failure | null): void;
	/** By their ids, as the file has them. */
	readEntries(): Map<string, { end: string; state: string; cost: number }>;
	stop(): Promise<void>;
}

export interface Failure {
	/** `w`: writes, `s`: syncs. */
	readonly calls: "w" | "s" | "ws";
	/** Of the file's path. */
	readonly file: string;
	readonly errno: "EIO" | "ENOSPC" | "EROFS";
	/** How many go well first. */
	readonly after?: number;
	/** How many then fail; without it all. */
	readonly times?: number;
}

const source = join(import.meta.dirname, "failing-disk.c");

/** A data folder that outlives its gateways. */
export async function openCalls(): Promise<Calls> {
	const base = mkdtempSync(join(tmpdir(), "tollway-faults-"));
	const dataDir = join(base, "data");
	const plan = join(base, "plan");
	const library = join(base, "failing-disk.so");
	if (canFail) compile(library);
	const simulator = await openSimulator();
	const started: GatewayProcess[] = [];
	return {
		simulator,
		dataDir,
		start: async (env) => {
			const gateway = await startGateway({
				ANTHROPIC_API_KEY: upstreamKey,
				TOLLWAY_UPSTREAM_URL: simulator.url,
				TOLLWAY_DATA_DIR: dataDir,
				...(canFail && { LD_PRELOAD: library, FAILING_DISK_PLAN: plan }),
				...env,
			});
			started.push(gateway);
			return gateway;
		},
		fail: (what) => writeFileSync(plan, what === null ? "" : toLine(what)),
		readEntries: () => readEntries(join(dataDir, "tollway.db")),
		stop: async () => {
			for (const gateway of started) await gateway.stop("SIGKILL");
			await simulator.stop();
			rmSync(base, { recursive: true, force: true });
		},
	};
}

function compile(library: string): void {
	const command = ["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"];
	const { success, stderr } = Bun.spawnSync(command);
	if (!success) throw new Error(stderr.toString());
}

const toLine = ({ calls, file, errno, after = 0, times = -1 }: Failure) =>
	`${calls} ${file} ${constants.errno[errno]} ${after} ${times}`;

function readEntries(path: string): ReturnType<Calls["readEntries"]> {
	const database = new Database(path, { readonly: true });
	try {
		const rows = database
			.query("SELECT id, outcome, state, cost FROM entries")
			.values() as [string, string, string, number][];
		return new Map(
			rows.map(([id, end, state, cost]) => [id, { end, state, cost }]),
		);
	} finally {
		database.close();
	}
}
