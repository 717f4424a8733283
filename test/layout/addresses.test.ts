import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { join } from "node:path";
import { addressRules, findAddresses } from "./addresses.ts";

const root = join(import.meta.dir, "../..");
const notOurs = /(^|\/)(node_modules|dist|\.git)\//;

/** What git knows or would take; without git, all that is not made by a tool. */
function listFiles() {
	const list = ["git", "ls-files", "-z", "--cached", "--others"];
	const git = Bun.which("git")
		? Bun.spawnSync([...list, "--exclude-standard"], { cwd: root })
		: undefined;
	if (git?.success) return git.stdout.toString().split("\0").filter(Boolean);
	return [...new Bun.Glob("**/*").scanSync({ cwd: root, dot: true })].filter(
		(path) => !notOurs.test(path),
	);
}

test("no file names a machine, a home or a registry", async () => {
	const files = listFiles();
	expect(files).toContain("bun.lock");
	const texts: [string, string][] = [];
	for (const path of files) {
		const file = Bun.file(join(root, path));
		if (await file.exists()) texts.push([path, await file.text()]);
	}
	expect(findAddresses(texts)).toEqual([]);
});

const breaches: readonly [what: string, path: string, text: string][] = [
	[
		"an address in the lockfile",
		"bun.lock",
		`"hono": ["hono@4", "https://npm.example/hono.tgz", {}]`,
	],
	["a registry's address", ".npmrc", "registry = http://10.0.0.1"],
	[
		"a registry's address",
		"bunfig.toml",
		`x = "https://registry.example.org/"`,
	],
	["somebody's home", "README.md", `cd ${"/home"}/carol/tollway`],
	["somebody's home", "test/a.ts", `const home = "${"/Users"}/carol";`],
	[
		"this machine's home",
		"src/a.ts",
		`const file = "${homedir()}/tollway.db";`,
	],
];

test.each(breaches)("finds %s in %s", (what, path, text) => {
	expect(findAddresses([[path, `\n${text}\n`]])).toContain(
		`${path}:2: ${what}`,
	);
});

test("every rule has a breach that shows it", () => {
	expect(
		addressRules
			.map(({ name }) => name)
			.filter((name) => !breaches.some(([what]) => what === name)),
	).toEqual([]);
});

test("made-up homes and paths that only look alike are left alone", () => {
	const fine = [
		"/home/ada/x",
		"/Users/ada/x",
		["$bunfs", "root", "x"].join("/"),
		"a/home/carol",
		"~/home/x",
	].join("\n");
	expect(findAddresses([["src/a.ts", fine]])).toEqual([]);
});
