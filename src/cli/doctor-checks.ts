/** What `tollway doctor` looks at. Each check returns rows; none changes anything or costs money. */
import { accessSync, constants, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { toSizeText } from "./call-line.ts";
import type { Config } from "./config.ts";
import { toOwnOrigin, toOwnTrust } from "./own-url.ts";
import { toStartFailure } from "./start-failure.ts";
import type { World } from "./world.ts";

export interface DoctorRow {
	readonly check: string;
	readonly status: "ok" | "warning" | "failed" | "skipped";
	readonly message: string;
}

export type Check = (
	config: Config,
	world: World,
) => readonly DoctorRow[] | Promise<readonly DoctorRow[]>;

function define(check: string) {
	const say = (status: DoctorRow["status"]) => (message: string) => ({
		check,
		status,
		message,
	});
	return {
		ok: say("ok"),
		warning: say("warning"),
		failed: say("failed"),
		skipped: say("skipped"),
	};
}

/** Resolves with the error of listening there, or null. */
function tryListen(host: string, port: number): Promise<unknown> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", resolve);
		server.listen({ host, port, exclusive: true }, () =>
			server.close(() => resolve(null)),
		);
	});
}

const probeTimeoutMs = 3_000;

/** Whether the configured port is served by a gateway. */
export async function isGateway(
	config: Config,
	world: World,
): Promise<boolean> {
	const url = `${toOwnOrigin(config)}${config.rootPath}/healthz`;
	try {
		const reply = await world.fetch(url, {
			...toOwnTrust(config, world),
			method: "GET",
			headers: {},
			body: null,
			signal: AbortSignal.timeout(probeTimeoutMs),
		});
		await reply.body?.cancel();
		return reply.status === 200;
	} catch {
		// Whoever holds the port does not speak HTTP: not a gateway.
		return false;
	}
}

const checkPort: Check = async (config, world) => {
	const row = define("port");
	const { host, port } = config;
	const error = await tryListen(host, port);
	if (error === null) {
		return [row.ok(port === 0 ? "any free port" : `${host}:${port} is free`)];
	}
	const inUse = (error as { code?: unknown }).code === "EADDRINUSE";
	if (inUse && (await isGateway(config, world))) {
		return [row.ok(`${host}:${port} is served by a running gateway`)];
	}
	return [row.failed(toStartFailure(error, config))];
};

/** The folder itself or the nearest one above that exists. */
export function findExisting(folder: string): string {
	for (let at = folder; ; at = dirname(at)) {
		if (statSync(at, { throwIfNoEntry: false }) || dirname(at) === at) {
			return at;
		}
	}
}

const freeMinBytes = 100_000_000;

const checkData: Check = ({ dataDir }, { platform }) => {
	const row = define("data folder");
	try {
		const existing = findExisting(dataDir);
		const stat = statSync(existing);
		if (!stat.isDirectory()) {
			return [row.failed(`${existing} is not a folder`)];
		}
		accessSync(existing, constants.W_OK | constants.X_OK);
		const disk = statfsSync(existing);
		const freeBytes = disk.bavail * disk.bsize;
		const free = `${toSizeText(freeBytes)} free`;
		if (freeBytes < freeMinBytes) {
			return [row.warning(`${dataDir}: only ${free}`)];
		}
		if (existing !== dataDir) {
			return [row.ok(`${dataDir} will be created; ${free}`)];
		}
		const open = platform !== "win32" && (stat.mode & 0o077) !== 0;
		return open
			? [
					row.warning(
						`${dataDir} can be entered by other users (mode ${(stat.mode & 0o777).toString(8)}); chmod 700 closes it`,
					),
				]
			: [row.ok(`${dataDir} is writable and private; ${free}`)];
	} catch (error) {
		const { code } = error as { code?: unknown };
		return [row.failed(`${dataDir} cannot be written (${String(code)})`)];
	}
};

const openFilesWanted = 4_096;

const checkOpenFiles: Check = (_, world) => {
	const row = define("open files");
	const limit = world.openFileLimit();
	if (limit === null) return [row.skipped("this system does not tell")];
	return limit >= openFilesWanted
		? [row.ok(`${limit} at once`)]
		: [
				row.warning(
					`${limit} at once are enough for about ${Math.floor(limit / 2)} calls; raise it with ulimit -n 65536, or LimitNOFILE=65536 in a systemd unit`,
				),
			];
};

const fetchesWanted = 1_024;

const checkFetchLimit: Check = (_, { env, build }) => {
	const row = define("calls at once");
	if (!build.runtime.startsWith("bun")) return [];
	const given = env.BUN_CONFIG_MAX_HTTP_REQUESTS;
	if (!given) return [row.ok("serve lifts Bun's limit of 256 when it starts")];
	const limit = Number(given);
	return limit >= fetchesWanted
		? [row.ok(`${limit} upstream`)]
		: [
				row.warning(
					`BUN_CONFIG_MAX_HTTP_REQUESTS=${given} lets only so many calls go upstream at once; unset it`,
				),
			];
};

const checkProxy: Check = ({ upstream }, { env }) => {
	const names = upstream.url.startsWith("https:")
		? ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
		: ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
	const name = names.find((one) => env[one]);
	return name ? [define("proxy").ok(`calls upstream go through ${name}`)] : [];
};

export const localChecks: readonly Check[] = [
	checkPort,
	checkData,
	checkOpenFiles,
	checkFetchLimit,
	checkProxy,
];
