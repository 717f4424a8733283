import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	mkdtempSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import connect from "postgres";
import { readDatabaseUrl } from "../../src/store/database-url.ts";
import { toDriverAddress } from "../../src/store/postgres-driver.ts";
import type { PostgresUrl } from "../../src/store/postgres-url.ts";
import { toPostgres } from "../../src/store/postgres-url.ts";
import { needs, noticeMark } from "../needs.ts";
import { openPostgres, type Postgres } from "../postgres.ts";

const programs = needs.tool("openssl") ? needs.postgres() : null;

let folder = "";
const inFolder = (name: string) => join(folder, name);

function openssl(args: string) {
	const { success, stderr } = Bun.spawnSync(["openssl", ...args.split(" ")], {
		cwd: folder,
	});
	if (!success) throw new Error(`openssl ${args}: ${stderr}`);
}

/** An authority `<name>.pem`, or under one a certificate for the DNS name `localhost`. */
function makeCertificate(name: string, authority: string | null) {
	const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
	const by = authority ? `-CA ${authority}.pem -CAkey ${authority}.key` : "";
	const what = authority
		? "subjectAltName=DNS:localhost"
		: "basicConstraints=critical,CA:TRUE";
	openssl(
		`req -x509 ${key} -keyout ${name}.key -out ${name}.pem -days 2 -subj /CN=${name} -addext ${what} ${by}`.trim(),
	);
}

function hasIpv6() {
	return new Promise<boolean>((resolve) => {
		const probe = createServer().once("error", () => resolve(false));
		probe.listen({ host: "::1", port: 0 }, () =>
			probe.close(() => resolve(true)),
		);
	});
}

/** Whether the connection to the URL is encrypted, or the error's code. */
async function isEncrypted(url: string): Promise<boolean | string> {
	const { parts } = readDatabaseUrl(url, () => undefined) as PostgresUrl;
	const database = toPostgres(parts, "DATABASE_URL");
	const sql = connect({
		...toDriverAddress(database, (path) => readFileSync(path, "utf8")),
		database: database.database,
		username: database.user,
		password: database.password ?? "",
		max: 1,
		connect_timeout: 5,
	});
	try {
		const [row] =
			await sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
		return row?.ssl;
	} catch (error) {
		return String((error as { code?: unknown }).code);
	} finally {
		await sql.end({ timeout: 0 });
	}
}

describe.skipIf(!programs)("the way a URL asks for", () => {
	let postgres: Postgres;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "tollway-certificates-"));
		chmodSync(folder, 0o755);
		makeCertificate("ours", null);
		makeCertificate("theirs", null);
		makeCertificate("server", "ours");
		const { uid, gid } = programs?.owner ?? {};
		if (uid && gid) chownSync(inFolder("server.key"), uid, gid);
		chmodSync(inFolder("server.key"), 0o600);
		postgres = await openPostgres({
			settings: {
				listen_addresses: "127.0.0.1,::1",
				ssl: "on",
				ssl_cert_file: inFolder("server.pem"),
				ssl_key_file: inFolder("server.key"),
			},
		});
	}, 30_000);
	afterAll(async () => {
		await postgres.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	const untrusted = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
	const otherName = "ERR_TLS_CERT_ALTNAME_INVALID";
	test.each([
		["localhost", "", true],
		["127.0.0.1", "sslmode=disable", false],
		["127.0.0.1", "sslmode=require", true],
		["localhost", "sslmode=verify-full", untrusted],
		["localhost", "sslmode=verify-ca", untrusted],
		["localhost", "sslrootcert=ours.pem", true],
		["localhost", "sslrootcert=theirs.pem", untrusted],
		["127.0.0.1", "sslrootcert=ours.pem", otherName],
		["127.0.0.1", "sslmode=verify-ca&sslrootcert=ours.pem", true],
		["127.0.0.1", "sslmode=verify-ca&sslrootcert=theirs.pem", untrusted],
		["127.0.0.1", "sslmode=require&sslcert=ours.pem", true],
		["127.0.0.1", "sslcert=ours.pem&sslaccept=strict", otherName],
		["127.0.0.1", "sslcert=theirs.pem&sslaccept=accept_invalid_certs", true],
	])("%s with %s: %p", async (host, parameters, expected) => {
		const url = postgres.url("postgres").replace("@127.0.0.1:", `@${host}:`);
		const absolute = parameters.replace(/(\w+\.pem)/, inFolder("$1"));
		expect(await isEncrypted(`${url}?${absolute}`)).toBe(expected);
	});

	test("by the Unix socket", async () => {
		const url = `${postgres.url("postgres")}?host=${postgres.socketFolder}`;
		expect(await isEncrypted(url)).toBe(false);
	});
});

/** In a list the driver leaves it whole: of a text it would make "", which is localhost. */
test("an IPv6 address stays what it is", () => {
	const { host } = toDriverAddress(
		toPostgres({ host: "2001:db8::1" }, ""),
		String,
	);
	expect(host as unknown).toEqual(["2001:db8::1"]);
});

const ipv6 = await hasIpv6();
if (!ipv6) console.error(`${noticeMark}a server at ::1: there is no IPv6 here`);

test.skipIf(!programs || !ipv6)("a server at an IPv6 address", async () => {
	const postgres = await openPostgres({
		settings: { listen_addresses: "::1" },
	});
	const url = postgres.url("postgres").replace("127.0.0.1", "[::1]");
	expect(await isEncrypted(url)).toBe(false);
	await postgres.stop();
});

test("certificates that are gone are the caller's to explain", () => {
	const parts = {
		host: "h",
		tlsMode: "verify-full",
		caPath: "/gone.pem",
	} as const;
	const read = (path: string) => readFileSync(path, "utf8");
	expect(() => toDriverAddress(toPostgres(parts, ""), read)).toThrow("ENOENT");
});
