/** Shared by the tests of the configuration: loads an environment on a made-up Linux machine. */
import { type Loaded, loadConfig } from "../../src/cli/load-config.ts";
import type { Sources } from "../../src/cli/sources.ts";
import { readNothing } from "./fake-world.ts";

export type Env = Sources["env"];

export const realKey = "sk-ant-api03-abcdefghijklmnopWxyz";
export const token = "sk-ant-oat01-abcdefghijklmnopAbcd";
export const master = "sk-0123456789abcdef0123456789";

export function load(env: Env, more: Partial<Sources> = {}): Loaded {
	return loadConfig({
		env,
		platform: "linux",
		home: "/home/ada",
		cwd: "/srv",
		readFile: readNothing,
		...more,
	});
}

export function configOf(env: Env, more: Partial<Sources> = {}) {
	const { config, problems } = load(env, more);
	if (config === null) throw new Error(problems.join("\n"));
	return config;
}
