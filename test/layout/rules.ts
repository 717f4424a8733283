import {
	findSideDoors,
	findVagueImports,
	findWrongArrows,
} from "./find-imports.ts";
import {
	findAmbientCalls,
	findModuleState,
	findRuntimeNames,
} from "./find-impurity.ts";
import {
	findEmptyName,
	findLongFile,
	findLongFunctions,
	maxFileLines,
	maxFunctionLines,
} from "./find-sizes.ts";
import type { Source } from "./parse.ts";

/** What breaks a rule: where (from line 1), and in a few words what. */
export interface Finding {
	line: number;
	what: string;
}

interface Rule {
	name: string;
	files: RegExp;
	find(source: Source): Iterable<Finding>;
}

const everywhere = /./;
const inSrc = /^src\//;
const inCore = /^src\/(?!platform\/)/;
const inProgram = /^(src|scripts)\//;

export const rules: readonly Rule[] = [
	{ name: "imports point down the rooms", files: inSrc, find: findWrongArrows },
	{ name: "platform is behind #platform", files: inCore, find: findSideDoors },
	{
		name: "a relative import names the file",
		files: everywhere,
		find: findVagueImports,
	},
	{
		name: `a file has at most ${maxFileLines} lines`,
		files: everywhere,
		find: findLongFile,
	},
	{
		name: `a function has at most ${maxFunctionLines} lines`,
		files: everywhere,
		find: findLongFunctions,
	},
	{
		name: "a file is named after what it has",
		files: everywhere,
		find: findEmptyName,
	},
	{
		name: "only platform names a runtime",
		files: inCore,
		find: findRuntimeNames,
	},
	{
		name: "time and chance are arguments",
		files: inCore,
		find: findAmbientCalls,
	},
	{ name: "a module has no state", files: inProgram, find: findModuleState },
];

/** Every broken rule, as `path:line: rule: what`. */
export function findBroken(sources: readonly Source[]) {
	return sources.flatMap((source) =>
		rules
			.filter(({ files }) => files.test(source.path))
			.flatMap(({ name, find }) =>
				[...find(source)].map(
					({ line, what }) => `${source.path}:${line}: ${name}: ${what}`,
				),
			),
	);
}
