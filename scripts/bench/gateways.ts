import { closeSync, existsSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { compile, program } from "../compile.ts";
import { copyLedger } from "./database.ts";
import { toNginxCommand } from "./nginx.ts";
import { messageReply } from "./replies.ts";
import { smallBody } from "./requests.ts";

const readyWithinMs = 10_000;
const readyCheckMs = 20;
const stopWithinMs = 5_000;

/** When a Tollway counts an Entry as committed: TOLLWAY_DURABILITY. */
export type Durability = "interval" | "always";

/** A relay under test: how to make it (once), and the command that serves on a port in front of an upstream. */
export interface Gateway {
	name: string;
	/** By whose targets it is judged; none: by none. */
	durability?: Durability;
	/** @param ledger the database to begin with */
	prepare(folder: string, ledger: string): Promise<void>;
	command(place: Place): { cmd: string[]; env?: Record<string, string> };
}

export interface Place {
	folder: string;
	port: number;
	upstreamPort: number;
}

export interface Running {
	name: string;
	isTollway: boolean;
	pid: number;
	url: string;
	stop(): Promise<void>;
}

// Both are compiled with the same switches, so that only the program differs.
export const bare: Gateway = {
	name: "bare",
	prepare: (folder) =>
		compile(["scripts/bench/bare.ts"], { outfile: join(folder, "bare") }),
	command: ({ folder, port, upstreamPort }) => ({
		cmd: [join(folder, "bare")],
		env: { PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstreamPort}` },
	}),
};

/** As a user runs it: default settings but for one, an upstream key, the log in a file; with a past of its own. */
export const toTollway = (durability: Durability): Gateway => {
	const toDataFolder = (folder: string) => join(folder, `data-${durability}`);
	return {
		name: `tollway ${durability}`,
		durability,
		prepare: async (folder, ledger) => {
			const outfile = join(folder, "tollway");
			if (!existsSync(outfile)) await compile(program, { outfile });
			copyLedger(ledger, toDataFolder(folder));
		},
		command: ({ folder, port, upstreamPort }) => ({
			cmd: [join(folder, "tollway")],
			env: {
				PORT: String(port),
				TOLLWAY_UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}`,
				TOLLWAY_DATA_DIR: toDataFolder(folder),
				TOLLWAY_DURABILITY: durability,
				ANTHROPIC_API_KEY: "sk-ant-api03-made-up-for-the-benchmark",
			},
		}),
	};
};

export const nginx: Gateway = {
	name: "nginx",
	prepare: async () => {},
	command: (place) => toNginxCommand(place),
};

/** Starts a gateway on one core; resolves when it relays. Rejects when it does not within ten seconds. */
export async function start(
	gateway: Gateway,
	{ folder, upstreamPort, core }: Omit<Place, "port"> & { core: number },
): Promise<Running> {
	const port = await findFreePort();
	const { cmd, env } = gateway.command({ folder, port, upstreamPort });
	const log = join(folder, `${gateway.name.replaceAll(" ", "-")}-${port}.log`);
	const descriptor = openSync(log, "a");
	const child = Bun.spawn(["taskset", "-c", String(core), ...cmd], {
		env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: folder, ...env },
		stdio: ["ignore", descriptor, descriptor],
	});
	closeSync(descriptor);
	const url = `http://127.0.0.1:${port}`;
	const running = {
		name: gateway.name,
		isTollway: gateway.name.startsWith("tollway"),
		pid: child.pid,
		url,
		stop: () => stop(child),
	};
	const deadlineMs = performance.now() + readyWithinMs;
	while (!(await relays(url))) {
		if (performance.now() < deadlineMs && child.exitCode === null)
			await Bun.sleep(readyCheckMs);
		else {
			await running.stop();
			throw new Error(
				`${gateway.name} does not relay: ${await Bun.file(log).text()}`,
			);
		}
	}
	return running;
}

async function relays(url: string) {
	try {
		const reply = await fetch(`${url}/v1/messages`, {
			method: "POST",
			body: smallBody,
			headers: { "content-type": "application/json" },
		});
		return (await reply.text()) === messageReply(smallBody.length);
	} catch {
		return false; // not listening yet
	}
}

async function stop(child: Bun.Subprocess) {
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
	await child.exited;
	clearTimeout(timer);
}

function findFreePort() {
	return new Promise<number>((resolve, reject) => {
		const server = createServer().once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			server.close(() =>
				address && typeof address === "object"
					? resolve(address.port)
					: reject(new Error("no port")),
			);
		});
	});
}
