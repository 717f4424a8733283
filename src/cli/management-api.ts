/** The management API, asked: of the gateway that runs or, when none does, of the database that it would open. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { toDatabaseText } from "../store/database-url.ts";
import { StoreInUse } from "../store/lock.ts";
import { AskError } from "./ask-error.ts";
import { toClientUrl } from "./banner.ts";
import type { Config } from "./config.ts";
import { findGateway } from "./find-gateway.ts";
import { openLog } from "./log.ts";
import { toOwnOrigin, toOwnTrust } from "./own-url.ts";
import { readText } from "./read-text.ts";
import { escapeControls, redactKeys } from "./safe-text.ts";
import { toLostLine } from "./serve.ts";
import { toStartFailure } from "./start-failure.ts";
import type { World } from "./world.ts";

export interface Question {
	readonly method: "GET" | "POST";
	/** `/key/list` */
	readonly path: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly body?: object;
}

export interface ManagementApi {
	/** Where clients reach the gateway, root path included; no trailing slash. */
	readonly clientUrl: string;
	/** The database, as people know it, when no gateway runs and this process has opened it; else null. */
	readonly opened: string | null;
	/** Resolves with the answer's JSON. Rejects with AskError. */
	ask(question: Question): Promise<unknown>;
	close(): Promise<void>;
}

export interface Settled {
	readonly config: Config;
	/** What the user gave the master key as; null: there is none. */
	readonly masterKeyFrom: string | null;
	/** Whether a database may be made where there is none; else that is a mistake. */
	readonly makesDatabase?: boolean;
}

type Send = (question: Question) => Promise<Response>;

const answerTimeoutMs = 30_000;
/** A page of a hundred keys, each with all that it may hold, is about this long. */
const answerMaxBytes = 64 * 1024 * 1024;

/** Somebody else may hold the database for a moment: a gateway that starts, a command like this one. */
const patienceMs = 2_000;
const lookEveryMs = 100;

/** Rejects with AskError. */
export async function openManagementApi(
	world: World,
	settled: Settled,
): Promise<ManagementApi> {
	const { config } = settled;
	const giveUpMs = world.clock.monotonic() + patienceMs;
	for (;;) {
		const url = await findGateway(config, world);
		if (url !== null) {
			return {
				clientUrl: config.gatewayUrl ?? toOwnClientUrl(config),
				opened: null,
				ask: toAsk(toRemote(url, config, world), { url, ...settled }),
				close: async () => {},
			};
		}
		requireDatabase(settled);
		try {
			return await openOwn(world, settled);
		} catch (error) {
			if (!(error instanceof StoreInUse)) {
				throw new AskError(toOpenFailure(error, config));
			}
			if (world.clock.monotonic() > giveUpMs) throw inUse(error, config);
		}
		await delay(lookEveryMs);
	}
}

/** What the system says has no subject. */
function toOpenFailure(error: unknown, config: Config): string {
	const why = toStartFailure(error, config);
	const { code } = (error ?? {}) as { code?: unknown };
	return typeof code === "string"
		? `${escapeControls(toDatabaseText(config.database))} cannot be opened: ${why}.`
		: why;
}

function requireDatabase({ config, makesDatabase = false }: Settled): void {
	const { database, port } = config;
	if (makesDatabase || database.kind !== "sqlite") return;
	if (existsSync(database.path)) return;
	const where = port === 0 ? "" : ` at ${toOwnOrigin(config)}`;
	throw new AskError(
		`No gateway runs${where}, and there is no database ${escapeControls(database.path)}. Say where your gateway listens with --url or TOLLWAY_URL, or give this command its PORT, TOLLWAY_HOST and TOLLWAY_DATA_DIR.`,
	);
}

const inUse = ({ fact }: StoreInUse, config: Config) =>
	new AskError(
		config.port === 0
			? `${escapeControls(fact)}, and where that one listens is not known (PORT=0). Say it with --url or TOLLWAY_URL.`
			: `${escapeControls(fact)}, and nothing answers at ${toOwnOrigin(config)}. If that one listens elsewhere, say where with --url or TOLLWAY_URL, or give this command its PORT and TOLLWAY_HOST.`,
	);

const toOwnClientUrl = (config: Config): string =>
	toClientUrl({
		config,
		url:
			config.port === 0
				? toOwnOrigin(config).replace(/0$/, "<port>")
				: toOwnOrigin(config),
	});

const toHeaders = ({ masterKey }: Config, body: unknown) => ({
	"accept-encoding": "identity",
	...(masterKey !== null && { authorization: `Bearer ${masterKey}` }),
	...(body !== undefined && { "content-type": "application/json" }),
});

const toPath = ({ path, query }: Question): string =>
	query ? `${path}?${new URLSearchParams(query)}` : path;

const toBytes = (body: object): Uint8Array<ArrayBuffer> =>
	new TextEncoder().encode(JSON.stringify(body));

const toRemote =
	(url: string, config: Config, world: World): Send =>
	(question) => {
		const { method, body } = question;
		return world.fetch(url + toPath(question), {
			...(config.gatewayUrl === null && toOwnTrust(config, world)),
			method,
			headers: toHeaders(config, body),
			body: body === undefined ? null : toBytes(body),
			signal: AbortSignal.timeout(answerTimeoutMs),
		});
	};

/** Rejects with StoreInUse, or with why the database cannot be opened. */
async function openOwn(world: World, settled: Settled): Promise<ManagementApi> {
	const { config } = settled;
	// What it has to tell of the database, and nothing else.
	const level = config.log.level === "error" ? "error" : "warning";
	const log = openLog({ ...config.log, level }, world);
	try {
		const management = await world.openManagement(config, {
			onLost: (entry, error) =>
				world.stderr.write(`${toLostLine(entry, error)}\n`),
		});
		const host = "127.0.0.1";
		const send: Send = (question) => {
			const { method, body } = question;
			const url = `http://${host}${config.rootPath}${toPath(question)}`;
			return management.fetch(
				new Request(url, {
					method,
					headers: { ...toHeaders(config, body), host },
					...(body && { body: toBytes(body) }),
				}),
			);
		};
		const opened = toDatabaseText(config.database);
		return {
			clientUrl: toOwnClientUrl(config),
			opened,
			ask: toAsk(send, { url: opened, ...settled }),
			close: async () => {
				await management.close();
				await log.close();
			},
		};
	} catch (error) {
		await log.close();
		throw error;
	}
}

type Asked = Settled & { readonly url: string };

const toAsk =
	(send: Send, asked: Asked) =>
	async (question: Question): Promise<unknown> => {
		let reply: Response;
		let text: string;
		try {
			reply = await send(question);
			text = await readText(reply, answerMaxBytes);
		} catch (error) {
			const { name, code, message } = error as Record<string, unknown>;
			const why =
				name === "TimeoutError"
					? `within ${answerTimeoutMs / 1000} s`
					: `(${String(code ?? message)})`;
			throw new AskError(
				`${asked.url} did not answer ${question.path} ${why}. Whether it was done is not known; look before you try again.`,
			);
		}
		const answer = readJson(text);
		if (reply.status === 200 && answer !== undefined) return answer;
		throw toRefusal(reply.status, answer, asked);
	};

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

interface Refusal {
	readonly error?: { readonly message?: unknown; readonly param?: unknown };
}

function toRefusal(status: number, answer: unknown, asked: Asked): AskError {
	const { message: told, param } = (answer as Refusal)?.error ?? {};
	// 403: it is a key, but a virtual one.
	const isKey = status === 401 || (status === 403 && param === "key");
	if (isKey) return new AskError(toKeyRefused(asked), status);
	return new AskError(
		typeof told === "string"
			? redactKeys(escapeControls(told))
			: `${asked.url} answered with status ${status} and no reason.`,
		status,
	);
}

const toKeyRefused = ({ url, masterKeyFrom }: Asked): string =>
	masterKeyFrom === null
		? `The gateway at ${url} wants its master key. Set TOLLWAY_MASTER_KEY (or LITELLM_MASTER_KEY) to it.`
		: `The gateway at ${url} refuses the master key that ${masterKeyFrom} holds. Set it to the one that the gateway was started with.`;
