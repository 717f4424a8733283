import type { Given, OptionName } from "./command-options.ts";
import type { World } from "./world.ts";

/** A command, as it stands in a table. */
export interface CommandRow {
	readonly name: string;
	readonly about: string;
	readonly options: readonly OptionName[];
	/** What stands behind the name, as in its usage: `[model]`, `<key>`. */
	readonly argument?: string;
	/** All that stands behind its own options is another program's: `rest`. */
	readonly passesOn?: true;
	/** Lists the settings below its help. */
	readonly manual?: true;
	/** Below its help. */
	readonly more?: string;
	run(world: World, given: Given): number | Promise<number>;
}

/** A name in front of several commands. */
export interface CommandGroup {
	readonly name: string;
	readonly about: string;
	/** Below its help. */
	readonly more: string;
	readonly commands: readonly CommandRow[];
}
