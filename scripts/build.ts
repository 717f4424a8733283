/**
 * `bun run build`: one executable for this machine, dist/tollway. With `--all`: one per target, and SHA256SUMS.
 * The same commit gives the same bytes. On a terminal a line per file, in a pipe a JSON object per line.
 */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { compile, program } from "./compile.ts";
import { name, projectRoot, version } from "./project.ts";
import { say } from "./say.ts";
import { type Target, targets } from "./targets.ts";

interface Built {
	file: string;
	bytes: number;
	ms: number;
	sha256: string;
}

process.chdir(projectRoot);
const { values } = parseArgs({
	options: { all: { type: "boolean", default: false } },
});
const rows: { file: string; target?: Target }[] = values.all
	? targets.map((target) => ({
			file: toFile(`${name}-${version}-${target.name}`, target.name),
			target,
		}))
	: [{ file: toFile(name, process.platform) }];

const done = await buildAll(rows);
if (values.all) {
	const sums = done.map(
		({ sha256, file }) => `${sha256}  ${file.slice("dist/".length)}\n`,
	);
	await Bun.write("dist/SHA256SUMS", sums.join(""));
}
if (done.length < rows.length) {
	say(`${rows.length - done.length} of ${rows.length} could not be built.`);
	process.exit(1);
}

/** What could be built; the rest is said aloud. */
async function buildAll(wanted: typeof rows) {
	const done: Built[] = [];
	for (const [index, { file, target }] of wanted.entries()) {
		say(`[${index + 1}/${wanted.length}] building ${file} …`);
		try {
			const built = await build(file, target);
			report(built);
			done.push(built);
		} catch (error) {
			say(`FAILED ${file}: ${Bun.inspect(error)}`);
		}
	}
	return done;
}

function toFile(stem: string, platform: string) {
	return `dist/${stem}${platform.startsWith("win") ? ".exe" : ""}`;
}

async function build(file: string, target?: Target): Promise<Built> {
	const startMs = performance.now();
	await compile(program, { outfile: file, target });
	const ms = Math.round(performance.now() - startMs);
	return { file, bytes: statSync(file).size, ms, sha256: await hashFile(file) };
}

async function hashFile(path: string) {
	const hash = new Bun.CryptoHasher("sha256");
	for await (const chunk of Bun.file(path).stream()) hash.update(chunk);
	return hash.digest("hex");
}

function report(built: Built) {
	const megabytes = (built.bytes / 1e6).toFixed(1).padStart(6);
	const seconds = (built.ms / 1_000).toFixed(1).padStart(5);
	const line = `${built.file.padEnd(42)} ${megabytes} MB ${seconds} s`;
	console.log(process.stdout.isTTY ? line : JSON.stringify(built));
}
