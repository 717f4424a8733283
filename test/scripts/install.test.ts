import { afterAll, expect, test } from "bun:test";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
} from "node:fs";
import { join } from "node:path";
import {
	dependencies,
	devDependencies,
	projectRoot,
} from "../../scripts/project.ts";

const installLimitMs = 60_000;
// On the disk of node_modules, where Bun's cache can be linked instead of copied.
const cache = join(projectRoot, "node_modules", ".cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "install-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs scripts/install.ts in a fresh checkout, on a machine whose own settings are as unhelpful as can be. */
async function installFresh(what: string) {
	const checkout = mkdtempSync(join(folder, "checkout-"));
	const home = mkdtempSync(join(folder, "home-"));
	await Bun.write(
		join(home, ".npmrc"),
		"omit=dev\nignore-scripts=true\ninstall-strategy=linked\ndry-run=true\n",
	);
	for (const file of ["package.json", "bun.lock", "bunfig.toml"])
		copyFileSync(join(projectRoot, file), join(checkout, file));
	mkdirSync(join(checkout, "scripts"));
	for (const file of ["install.ts", "project.ts", "say.ts"])
		copyFileSync(
			join(projectRoot, "scripts", file),
			join(checkout, "scripts", file),
		);
	const call = `import { install } from "./scripts/install.ts"; process.exit(await install(${JSON.stringify(what)}))`;
	const run = () => {
		const ran = Bun.spawnSync([process.execPath, "-e", call], {
			cwd: checkout,
			env: {
				...process.env,
				HOME: home,
				NODE_ENV: "production",
				BUN_INSTALL_CACHE_DIR: cacheFolder(),
			},
		});
		return { code: ran.exitCode, said: ran.stderr.toString() };
	};
	return {
		checkout,
		run,
		has: (name: string) =>
			existsSync(join(checkout, "node_modules", name, "package.json")),
	};
}

/** The cache that the real home has, so that nothing is fetched twice. */
function cacheFolder() {
	return Bun.spawnSync([process.execPath, "pm", "cache"], { cwd: projectRoot })
		.stdout.toString()
		.trim();
}

test(
	"for running: no test tools, progress the first time, silence the second",
	async () => {
		const { run, has } = await installFresh("for running");
		const first = run();
		expect(first.code).toBe(0);
		expect(first.said).toContain("Installing");
		expect(first.said).toContain("packages installed");
		expect(Object.keys(dependencies).filter((name) => !has(name))).toEqual([]);
		// drizzle-orm names it as a peer.
		expect(Object.keys(devDependencies).filter(has)).toEqual(["bun-types"]);
		expect(run()).toEqual({ code: 0, said: "" });
	},
	installLimitMs,
);

test(
	"everything: whatever the machine's .npmrc says; installing for running then removes nothing",
	async () => {
		const { run, has, checkout } = await installFresh("everything");
		expect(run().code).toBe(0);
		const all = Object.keys({ ...dependencies, ...devDependencies });
		expect(all.filter((name) => !has(name))).toEqual([]);
		const bun = Bun.spawnSync([
			join(checkout, "node_modules", ".bin", "bun"),
			"--version",
		]);
		expect(bun.stdout.toString().trim()).toBe(devDependencies.bun ?? ""); // its install script has run
		Bun.spawnSync(
			[process.execPath, "install", "--frozen-lockfile", "--production"],
			{ cwd: checkout },
		);
		expect(all.filter((name) => !has(name))).toEqual([]);
	},
	installLimitMs,
);
