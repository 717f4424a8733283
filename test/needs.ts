/**
 * Parts a test may need that a machine may lack. A missing one is said aloud, and the tests are counted as skipped:
 *
 *     test.skipIf(!needs.tool("nginx"))("relays behind nginx", …);
 */
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** What a notice starts with; `bun run test` repeats such lines before its totals. */
export const noticeMark = "SKIPPED ";

const installLimitMs = 300_000;
const root = join(import.meta.dir, "..");

/** Debian's package where its name is not the tool's. */
const debianPackage: Record<string, string> = {
	taskset: "util-linux",
	cc: "gcc",
	psql: "postgresql-client",
	"redis-server": "redis",
};

/** Is this program on PATH? */
function tool(name: string) {
	if (Bun.which(name)) return true;
	missing(
		`what needs ${name}: it is not installed (Debian: apt-get install ${debianPackage[name] ?? name})`,
	);
	return false;
}

/**
 * The compiled executable's path: the one `bun run test` has just built (or TOLLWAY_EXECUTABLE names), else
 * dist/tollway if it is no older than its source. Null when there is none.
 */
function executable(): string | null {
	const given = process.env.TOLLWAY_EXECUTABLE;
	if (given) return resolve(root, given);
	const path = join(
		root,
		"dist",
		process.platform === "win32" ? "tollway.exe" : "tollway",
	);
	if (existsSync(path) && statSync(path).mtimeMs >= newestSourceMs())
		return path;
	return missing(
		"what needs the executable: dist/tollway is missing or older than src (bun run build)",
	);
}

/**
 * A program from the npm registry that is no dependency of ours, such as `npmTool("@anthropic-ai/claude-code@2.1.330",
 * "claude")`: fetched once into the system's temporary folder. Resolves to its path, or null when it cannot be had.
 * May take minutes: call it in `beforeAll` with a time-out, or at the top of the file.
 */
async function npmTool(spec: string, bin: string): Promise<string | null> {
	const folder = join(openFetchedFolder(), spec.replace(/[^\w.@-]/g, "_"));
	const path = join(folder, "node_modules", ".bin", bin);
	if (existsSync(path)) return path;
	const fetched = mkdtempSync(`${folder}-`);
	await Bun.write(join(fetched, "package.json"), "{}");
	console.warn(`fetching ${spec} …`);
	const child = Bun.spawn({
		cmd: [process.execPath, "add", "--exact", "--trust", spec],
		cwd: fetched,
		stdio: ["ignore", "ignore", "pipe"],
		timeout: installLimitMs,
	});
	const [stderr, exitCode] = await Promise.all([
		new Response(child.stderr).text(),
		child.exited,
	]);
	if (
		exitCode === 0 &&
		existsSync(join(fetched, "node_modules", ".bin", bin)) &&
		!existsSync(folder)
	)
		renameSync(fetched, folder);
	else rmSync(fetched, { recursive: true, force: true });
	if (existsSync(path)) return path;
	return missing(
		`what needs ${spec}: it cannot be had from npm (${stderr.trim().split("\n").at(-1)})`,
	);
}

export interface PostgresPrograms {
	/** The folder of `postgres`, `initdb` and `psql`, which are not on PATH where Debian has them. */
	readonly bin: string;
	/** Whom to run them as: another user when this one is root, whom PostgreSQL refuses to be. */
	readonly owner: { readonly uid?: number; readonly gid?: number };
}

/** PostgreSQL, the newest that is there; `test/postgres.ts` starts it. */
function postgres(): PostgresPrograms | null {
	const bin = process.platform === "win32" ? null : findPostgresFolder();
	if (bin === null)
		return missing(
			"what needs PostgreSQL: it is not installed (Debian: apt-get install postgresql)",
		);
	if (process.getuid?.() !== 0) return { bin, owner: {} };
	const [uid, gid] = ["-u", "-g"].map((flag) =>
		Number.parseInt(`${Bun.spawnSync(["id", flag, "postgres"]).stdout}`, 10),
	);
	if (uid && gid) return { bin, owner: { uid, gid } };
	return missing(
		"what needs PostgreSQL: root may not run it, and there is no user postgres",
	);
}

function findPostgresFolder() {
	const debian = "/usr/lib/postgresql";
	const newest = (existsSync(debian) ? readdirSync(debian) : [])
		.toSorted((a, b) => Number(b) - Number(a))
		.map((version) => join(debian, version, "bin"))
		.find((bin) => existsSync(join(bin, "initdb")));
	const onPath = Bun.which("initdb");
	return newest ?? (onPath && dirname(realpathSync(onPath)));
}

/** A folder of this user's own: what lies in a shared temporary folder under a known name is not ours to run. */
function openFetchedFolder() {
	const user = process.getuid?.() ?? 0;
	const folder = join(tmpdir(), `tollway-needs-${user}`);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	if (process.getuid && statSync(folder).uid !== user)
		throw new Error(`${folder} belongs to somebody else`);
	return folder;
}

function newestSourceMs() {
	const files = [
		...new Bun.Glob("src/**/*").scanSync(root),
		"package.json",
		"scripts/build.ts",
	];
	return Math.max(...files.map((file) => statSync(join(root, file)).mtimeMs));
}

function missing(what: string) {
	process.stderr.write(`${noticeMark}${what}\n`);
	return null;
}

export const needs = { tool, executable, npmTool, postgres };
