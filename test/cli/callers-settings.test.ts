import { describe, expect, test } from "bun:test";
import { openFiles } from "./fake-world.ts";
import { configOf, load, master, realKey } from "./loading.ts";

describe("who may reach it (bind × key)", () => {
	const rows: [string, string | undefined, string | undefined, boolean][] = [
		["127.0.0.1", undefined, undefined, true],
		["localhost", undefined, undefined, true],
		["::1", undefined, undefined, true],
		["0.0.0.0", undefined, undefined, false],
		["::", undefined, undefined, false],
		["10.0.0.5", undefined, undefined, false],
		["gw.example", undefined, undefined, false],
		["::ffff:10.0.0.5", undefined, undefined, false],
		["0.0.0.0", master, undefined, true],
		["::", master, undefined, true],
		["0.0.0.0", undefined, "true", true],
		["0.0.0.0", "", undefined, false],
	];
	test.each(rows)(
		"%s, key %s, insecure %s: %p",
		(host, key, insecure, starts) => {
			const { config, problems } = load(
				{ TOLLWAY_HOST: host, TOLLWAY_MASTER_KEY: key },
				{ flags: { insecureNoAuth: insecure } as never },
			);
			expect(config !== null).toBe(starts);
			if (!starts) {
				expect(problems).toHaveLength(1);
				expect(problems[0]).toContain("set TOLLWAY_MASTER_KEY");
				expect(problems[0]).toContain("--insecure-no-auth");
			}
		},
	);

	test("HOST that is no address is not where to listen", () => {
		const { config, warnings } = load({ HOST: "x86_64-conda-linux-gnu" });
		expect(config?.host).toBe("127.0.0.1");
		expect(warnings[0]).toContain("HOST");
	});
});

describe("master keys", () => {
	test("LiteLLM's sample key works, with a warning", () => {
		const { config, warnings } = load({ LITELLM_MASTER_KEY: "sk-1234" });
		expect(config?.masterKey).toBe("sk-1234");
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toContain("only 7 characters");
		expect(warnings[0]).not.toContain("sk-1234");
	});
	test("another prefix works, with a warning", () => {
		const { warnings } = load({
			TOLLWAY_MASTER_KEY: "correct-horse-battery-staple",
		});
		expect(warnings).toEqual([
			"TOLLWAY_MASTER_KEY does not start with sk-; some clients and tools accept only such keys.",
		]);
	});
	test.each([
		["sk-ant-api03-abcdefghijklmnop", "belongs in TOLLWAY_UPSTREAM_KEY"],
		["sk-with space-0123456789abcdef", "cannot travel in a header"],
		["sk-lîgature-0123456789abcdef", "cannot travel in a header"],
		["sk-line\nbreak-0123456789abcdef", "cannot travel in a header"],
	])("%j is refused", (key, why) => {
		const { problems } = load({ TOLLWAY_MASTER_KEY: key });
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith("TOLLWAY_MASTER_KEY cannot be used: ");
		expect(problems[0]).toContain(why);
		expect(problems[0]).not.toContain(key);
	});
});

describe("secrets in files", () => {
	const files = openFiles({
		"/run/master": `${master}\n`,
		"/run/empty": "\n",
		"/run/locked": Object.assign(new Error("no"), { code: "EACCES" }),
		"/creds/master-key": master,
		"/creds/upstream-key": realKey,
	});
	test("X_FILE and systemd credentials", () => {
		const byFile = load(
			{ LITELLM_MASTER_KEY_FILE: "/run/master" },
			{ readFile: files },
		);
		expect(byFile.config?.masterKey).toBe(master);
		expect(byFile.origins.masterKey).toEqual({
			kind: "secret-file",
			name: "LITELLM_MASTER_KEY_FILE",
			shown: "sk-…6789",
		});
		const unit = load({ CREDENTIALS_DIRECTORY: "/creds" }, { readFile: files });
		expect(unit.config?.masterKey).toBe(master);
		expect(unit.config?.upstream.credential).toMatchObject({
			value: realKey,
			from: "upstream-key",
		});
	});
	test("the variable wins over the file, with a warning", () => {
		const { config, warnings } = load(
			{
				TOLLWAY_MASTER_KEY: `${master}x`,
				TOLLWAY_MASTER_KEY_FILE: "/run/master",
			},
			{ readFile: files },
		);
		expect(config?.masterKey).toBe(`${master}x`);
		expect(warnings).toEqual([
			"TOLLWAY_MASTER_KEY and TOLLWAY_MASTER_KEY_FILE are both set and differ; TOLLWAY_MASTER_KEY is used.",
		]);
	});
	test.each([
		["/run/none", "which does not exist"],
		["/run/empty", "which is empty"],
		["/run/locked", "which cannot be read (EACCES)"],
	])("%s stops the start", (path, why) => {
		const { problems } = load(
			{ TOLLWAY_MASTER_KEY_FILE: path, TOLLWAY_HOST: "0.0.0.0" },
			{ readFile: files },
		);
		expect(problems).toEqual([
			`TOLLWAY_MASTER_KEY_FILE names ${path}, ${why}.`,
		]);
	});
});

describe("TLS", () => {
	const readFile = openFiles({
		"/srv/cert.pem": "-----BEGIN CERTIFICATE-----",
		"/srv/key.pem": "-----BEGIN PRIVATE KEY-----",
		"/srv/notes.txt": "hello",
	});
	test("both paths, absolute", () => {
		const config = configOf(
			{ SSL_CERTFILE_PATH: "cert.pem", SSL_KEYFILE_PATH: "/srv/key.pem" },
			{ readFile },
		);
		expect(config.tls).toEqual({
			certPath: "/srv/cert.pem",
			keyPath: "/srv/key.pem",
		});
	});
	test.each([
		[{ SSL_CERTFILE_PATH: "cert.pem" }, "SSL_KEYFILE_PATH is not set"],
		[{ SSL_KEYFILE_PATH: "key.pem" }, "SSL_CERTFILE_PATH is not set"],
		[
			{ SSL_CERTFILE_PATH: "none.pem", SSL_KEYFILE_PATH: "key.pem" },
			"SSL_CERTFILE_PATH names none.pem, which does not exist.",
		],
		[
			{ SSL_CERTFILE_PATH: "notes.txt", SSL_KEYFILE_PATH: "key.pem" },
			"SSL_CERTFILE_PATH names notes.txt, which is no certificate in PEM form.",
		],
	])("%j is refused", (env, why) => {
		const { problems } = load(env, { readFile });
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith(why);
	});
});
