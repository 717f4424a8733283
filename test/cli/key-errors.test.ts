/** What keeps `tollway key` from doing anything, and what it says then. */
import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { type GatewayProcess, startGateway } from "../rig.ts";
import { masterKey, openFolder, runKey } from "./key-process.ts";

// Each command is a process that starts, and the machine may be busy.
setDefaultTimeout(60_000);

const folder = openFolder();
const dataDir = join(folder, "data");
let gateway: GatewayProcess;
let port: string;

beforeAll(async () => {
	gateway = await startGateway({
		TOLLWAY_MASTER_KEY: masterKey,
		TOLLWAY_DATA_DIR: dataDir,
	});
	port = new URL(gateway.url).port;
});
afterAll(async () => {
	await gateway.stop("SIGKILL");
	rmSync(folder, { recursive: true });
});

/** Fails with one sentence and nothing else. */
async function fail(env: Record<string, string>, args = ["create"]) {
	const { code, out, err } = await runKey(args, env);
	expect({ code, out }).toEqual({ code: 1, out: "" });
	expect(err).toMatch(/^tollway: [^\n]*\.\n$/);
	return err;
}

describe("the gateway refuses the key", () => {
	const wrong = "sk-another-master-key-0123456789";

	test("another master key, said by the name it was given under", async () => {
		const err = await fail({ PORT: port, TOLLWAY_MASTER_KEY: wrong });
		expect(err).toBe(
			`tollway: The gateway at ${gateway.url} refuses the master key that TOLLWAY_MASTER_KEY holds. Set it to the one that the gateway was started with.\n`,
		);
		const old = { LITELLM_MASTER_KEY: wrong, TOLLWAY_MASTER_KEY: "" };
		expect(await fail({ PORT: port, ...old })).toContain(
			"that LITELLM_MASTER_KEY holds",
		);
	});

	test("none", async () => {
		expect(await fail({ PORT: port, TOLLWAY_MASTER_KEY: "" })).toContain(
			"wants its master key. Set TOLLWAY_MASTER_KEY",
		);
	});

	test("a virtual key is no master key", async () => {
		const { out } = await runKey(["create"], { PORT: port });
		const env = { PORT: port, TOLLWAY_MASTER_KEY: out.trim() };
		for (const args of [["create"], ["list"], ["block", "a"]]) {
			expect(await fail(env, args)).toContain("refuses the master key");
		}
	});
});

describe("something else answers", () => {
	const seen: Headers[] = [];
	const other = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch(request) {
			seen.push(request.headers);
			return new URL(request.url).pathname.startsWith("/moved")
				? Response.redirect("https://gateway.example/", 302)
				: new Response("I'm alive!", { headers: { server: "uvicorn" } });
		},
	});
	const mute = createServer((socket) => socket.end("SSH-2.0-x\r\n"));
	let muteUrl = "";
	beforeAll(async () => {
		await new Promise<void>((done) => mute.listen(0, "127.0.0.1", done));
		muteUrl = `http://127.0.0.1:${(mute.address() as { port: number }).port}`;
	});
	afterAll(async () => {
		mute.close();
		await other.stop(true);
	});

	test("it is named, and is not shown the master key", async () => {
		const own = { PORT: String(other.port), TOLLWAY_DATA_DIR: folder };
		expect(await fail(own)).toStartWith(
			`tollway: What answers at http://127.0.0.1:${other.port} is not Tollway (it is uvicorn). If your gateway listens elsewhere, say where with --url or TOLLWAY_URL`,
		);
		expect(
			await fail({ TOLLWAY_URL: `http://127.0.0.1:${other.port}/moved` }),
		).toContain("(it redirects to https://gateway.example/)");
		expect(seen).toHaveLength(2);
		for (const headers of seen) {
			expect(JSON.stringify(headers)).not.toContain(masterKey);
		}
	});

	test("or it speaks something else", async () => {
		expect(await fail({ TOLLWAY_URL: muteUrl })).toContain(
			`No gateway answers at ${muteUrl}: what listens there does not speak HTTP.`,
		);
		expect(
			await fail({ TOLLWAY_URL: gateway.url.replace("http:", "https:") }),
		).toContain("what listens there does not speak TLS");
	});
});

describe("nobody answers", () => {
	test("where the user said: no database is opened instead", async () => {
		const env = { TOLLWAY_DATA_DIR: join(folder, "unused"), PORT: port };
		const err = await fail(env, ["create", "--url", "http://127.0.0.1:1"]);
		expect(err).toBe(
			"tollway: No gateway answers at http://127.0.0.1:1: nothing listens there. Look at what --url or TOLLWAY_URL says.\n",
		);
	});

	test("and the database is in use", async () => {
		const own = { TOLLWAY_DATA_DIR: dataDir };
		const inUse = `${dataDir}/tollway.db is in use by another Tollway (process ${gateway.pid})`;
		expect(await fail({ ...own, PORT: "1" })).toBe(
			`tollway: ${inUse}, and nothing answers at http://127.0.0.1:1. If that one listens elsewhere, say where with --url or TOLLWAY_URL, or give this command its PORT and TOLLWAY_HOST.\n`,
		);
		expect(await fail({ ...own, PORT: "0" })).toBe(
			`tollway: ${inUse}, and where that one listens is not known (PORT=0). Say it with --url or TOLLWAY_URL.\n`,
		);
	});

	test("and the database cannot be opened", async () => {
		writeFileSync(join(folder, "file"), "");
		const path = join(folder, "file", "tollway.db");
		expect(await fail({ PORT: "1", DATABASE_URL: `sqlite:${path}` })).toContain(
			`tollway: ${path} cannot be opened: EEXIST`,
		);
		const damaged = join(folder, "damaged.db");
		writeFileSync(damaged, "no database at all ".repeat(999));
		const env = { PORT: "1", DATABASE_URL: `sqlite:${damaged}` };
		expect(await fail(env, ["list"])).toContain("damaged.db is damaged");
	});
});

describe("mistakes", () => {
	test("in the settings: exit 78", async () => {
		const { code, out, err } = await runKey(["list"], { PORT: "x" });
		expect({ code, out }).toEqual({ code: 78, out: "" });
		expect(err).toContain('PORT is "x"');
	});

	test.each([
		["create --budget lots", '--budget is "lots"; expected an amount'],
		["create --budget -1", '--budget is "-1"; expected an amount'],
		["create --rpm 1.5", '--rpm is "1.5"; expected a whole number'],
		["create --models a,,b", '--models is "a,,b"; expected names'],
		["create --budget 1 --every 30", '--every: "30" is no duration: its unit'],
		["create --every 30d", "there is no --budget"],
		["create --expires -1", '--expires: "-1" is no duration'],
		["create --url gateway", '--url is "gateway"; expected a URL'],
		["create alice", "too many arguments for 'create'"],
		["info", "missing required argument 'key'"],
		[
			"info a sk-secret-0123456789.tail-of-it",
			"Expected 1 argument but got 2.",
		],
		["rotate a --grace soon", '--grace: "soon" is no duration'],
		["lst", "unknown command 'lst'; did you mean list?"],
	])("of usage, exit 2: %s", async (line, sentence) => {
		const { code, out, err } = await runKey(line.split(" "), { PORT: "1" });
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toMatch(/^tollway: [^\n]* See tollway key --help\.\n$/);
		expect(err).toContain(sentence);
		expect(err).not.toContain("secret");
		expect(err).not.toContain("tail-of-it");
	});

	test("no command: the help, on stderr", async () => {
		const { code, out, err } = await runKey([], {});
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain("Usage: tollway key [options] [command]");
		expect(err).toContain("create [options]");
	});
});

test("a client's base URL is as good as the gateway's", async () => {
	for (const path of ["", "/", "/anthropic", "/anthropic/v1/", "/v1"]) {
		const env = { TOLLWAY_URL: gateway.url + path };
		expect((await runKey(["list"], env)).code).toBe(0);
	}
});

describe.skipIf(!needs.tool("openssl"))("over TLS, on this machine", () => {
	const paths = (name: string) => ({
		SSL_CERTFILE_PATH: join(folder, `${name}.pem`),
		SSL_KEYFILE_PATH: join(folder, `${name}.key`),
	});
	let secure: GatewayProcess;

	beforeAll(async () => {
		for (const name of ["own", "other"]) {
			const { SSL_CERTFILE_PATH, SSL_KEYFILE_PATH } = paths(name);
			const made = Bun.spawnSync([
				..."openssl req -x509 -newkey rsa:2048 -nodes -days 2".split(" "),
				...["-subj", "/CN=gateway.example"],
				...["-addext", "subjectAltName=DNS:gateway.example"],
				...["-out", SSL_CERTFILE_PATH, "-keyout", SSL_KEYFILE_PATH],
			]);
			expect(made.exitCode).toBe(0);
		}
		secure = await startGateway({
			TOLLWAY_MASTER_KEY: masterKey,
			SERVER_ROOT_PATH: "/llm",
			...paths("own"),
		});
	});
	afterAll(() => secure.stop("SIGKILL"));

	test("the certificate of the settings is trusted whatever its name, and no other", async () => {
		const at = {
			PORT: new URL(secure.url).port,
			SERVER_ROOT_PATH: "/llm",
			TOLLWAY_DATA_DIR: join(folder, "nothing"),
		};
		const { code, out, err } = await runKey(["create"], {
			...at,
			...paths("own"),
		});
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toMatch(/^sk-[\w-]{43}\n$/);
		expect(await fail({ ...at, ...paths("other") })).toMatch(
			/another certificate|certificate is not trusted/,
		);
		expect(await fail({ TOLLWAY_URL: `${secure.url}/llm` })).toContain(
			"its certificate is not trusted here",
		);
	});
});
