import { fileURLToPath } from "node:url";
import packageJson from "../package.json";

/** The checkout's folder, without a slash at the end. */
export const projectRoot = fileURLToPath(
	new URL("..", import.meta.url),
).replace(/[/\\]$/, "");

export const { name, version } = packageJson;
export const dependencies: Record<string, string> = packageJson.dependencies;
export const devDependencies: Record<string, string> =
	packageJson.devDependencies;

/** The one Bun this is made for; others differ in streaming, limits and flags. */
export const wantedBun = packageJson.devDependencies.bun;

/** Claude Code and proxies send big headers; Bun's own limit is 16 KiB for all of them together, then 431. */
export const runtimeFlags = ["--max-http-header-size=65536"];

/** The commit that is checked out, `-dirty` behind it when files differ from it; empty without git. */
export function readCommit() {
	const commit = git("rev-parse", "--short=12", "HEAD");
	if (!commit) return "";
	return git("status", "--porcelain") ? `${commit}-dirty` : commit;
}

function git(...args: string[]) {
	if (!Bun.which("git")) return "";
	const ran = Bun.spawnSync(["git", ...args], {
		cwd: projectRoot,
		stderr: "ignore",
	});
	return ran.success ? ran.stdout.toString().trim() : "";
}
