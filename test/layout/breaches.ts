/** So many lines of a function. */
const body = (lines: number) => "\tcall();\n".repeat(lines);

/** A tree that keeps every rule, with all that looks like a breach and is none. */
export const goodTree: Record<string, string> = {
	"src/main.ts": `import manifest from "../package.json" with { type: "json" };\nimport { clock } from "#platform";\nimport { openApp } from "./app.ts";\nopenApp(clock, manifest);\n`,
	"src/app.ts": `import { read } from "./gateway/read.ts";\nimport type { Clock } from "./platform/contract.ts";\nexport function openApp(clock: Clock, manifest: unknown) { let calls = 0; return read(clock, manifest, calls++); }\n`,
	"src/gateway/read.ts": `import { z } from "zod";\nimport { Fault } from "../domain/fault.ts";\nimport { path } from "./path.ts";\nexport const read = (...all: unknown[]) => [z, Fault, path, all, "Bun.serve Date.now()", new Date(0), wanted.Bun];\n// Deno and Math.random\n`,
	"src/gateway/path.ts": `export const path: readonly string[] = [];\nexport const names = new Map([["a", 1]]);\nexport const none: Readonly<Record<string, string>> = {};\n`,
	"src/domain/fault.ts": `import { Nanos } from "./nanos.ts";\nexport const Fault = { Nanos };\n`,
	"src/domain/nanos.ts": "export const Nanos = 1n;\n",
	"src/platform/bun.ts": `import { Database } from "bun:sqlite";\nimport { Nanos } from "../domain/nanos.ts";\nexport const clock = { now: () => Date.now(), Bun, Database, Nanos };\n`,
	"src/platform/contract.ts": "export interface Clock { now(): number }\n",
	"test/gateway/read.test.ts": `import { read } from "../../src/gateway/read.ts";\nlet server = Bun.serve(read);\ndescribe("read", () => {\n${body(80)}});\ndescribe.each([1])("all", () => {\n${body(80)}});\n`,
	"src/gateway/just.ts": `export function just() {\n${body(68)}}\n`,
};

/** One breach each, and how its report begins. */
export const breaches: readonly [path: string, report: string, text: string][] =
	[
		[
			"src/store/keys.ts",
			"1: imports point down the rooms: store → gateway",
			`import "../gateway/read.ts";`,
		],
		[
			"src/gateway/a.ts",
			"1: imports point down the rooms: gateway → cli",
			`import "../cli/config.ts";`,
		],
		[
			"src/gateway/a.ts",
			"1: imports point down the rooms: gateway → app",
			`export * from "../app.ts";`,
		],
		[
			"src/gateway/a.ts",
			"2: imports point down the rooms: gateway → main",
			`\nconst x = await import("../main.ts");`,
		],
		[
			"src/gateway/a.ts",
			"1: imports point down the rooms: gateway → cli",
			`type X = import("../cli/config.ts").X;`,
		],
		[
			"src/gateway/a.ts",
			"1: imports point down the rooms: gateway → ../../scripts/build.ts",
			`import "../../scripts/build.ts";`,
		],
		[
			"src/platform/deno.ts",
			"1: imports point down the rooms: platform → gateway",
			`import "../gateway/read.ts";`,
		],
		[
			"src/domain/a.ts",
			"1: imports point down the rooms: domain → zod",
			`import "zod";`,
		],
		[
			"src/domain/a.ts",
			"1: imports point down the rooms: domain → node:fs",
			`import "node:fs";`,
		],
		[
			"src/domain/a.ts",
			"1: imports point down the rooms: domain → platform",
			`import { clock } from "#platform";`,
		],
		[
			"src/domain/a.ts",
			"1: imports point down the rooms: domain → pricing",
			`import type { Price } from "../pricing/price.ts";`,
		],
		[
			"src/shop/a.ts",
			"1: imports point down the rooms: there is no such room",
			"",
		],
		[
			"src/version.ts",
			"1: imports point down the rooms: there is no such room",
			"",
		],
		[
			"src/store/a.ts",
			"1: platform is behind #platform: ../platform/bun.ts",
			`import "../platform/bun.ts";`,
		],
		[
			"src/store/a.ts",
			"1: platform is behind #platform",
			`import { Clock } from "../platform/contract.ts";`,
		],
		[
			"src/store/a.ts",
			"1: a relative import names the file: ./b",
			`import { b } from "./b";`,
		],
		[
			"test/a.test.ts",
			"1: a relative import names the file: ./b.js",
			`import { b } from "./b.js";`,
		],
		[
			"test/a.test.ts",
			"401: a file has at most 400 lines: 401 lines",
			"\n".repeat(400),
		],
		[
			"scripts/a.ts",
			"2: a function has at most 70 lines: 71 lines",
			`// why\nfunction f() {\n${body(69)}}`,
		],
		[
			"src/store/a.ts",
			"1: a function has at most 70 lines: 74 lines",
			`export const f = (\n\ta: number,\n) => {\n${body(70)}};`,
		],
		[
			"src/store/a.ts",
			"2: a function has at most 70 lines: 71 lines",
			`export const o = {\n\tm() {\n${body(69)}},\n};`,
		],
		[
			"test/a.test.ts",
			"1: a function has at most 70 lines: 71 lines",
			`test("long", () => {\n${body(69)}});`,
		],
		[
			"src/store/index.ts",
			`1: a file is named after what it has: "index" says nothing`,
			"",
		],
		[
			"test/helpers/a.ts",
			`1: a file is named after what it has: "helpers" says nothing`,
			"",
		],
		[
			"scripts/utils.ts",
			`1: a file is named after what it has: "utils" says nothing`,
			"",
		],
		[
			"src/store/common.test.ts",
			`1: a file is named after what it has: "common" says nothing`,
			"",
		],
		[
			"src/store/a.ts",
			"1: only platform names a runtime: Bun",
			`export const s = \`\${Bun.version}\`;`,
		],
		[
			"src/store/a.ts",
			"1: only platform names a runtime: Deno",
			"export const s = globalThis.Deno;",
		],
		[
			"src/store/a.ts",
			"1: only platform names a runtime: Bun",
			"export function f(s: Bun.Server) {}",
		],
		[
			"src/main.ts",
			"1: only platform names a runtime: bun:sqlite",
			`import { Database } from "bun:sqlite";`,
		],
		[
			"src/main.ts",
			"1: only platform names a runtime: bun",
			`import { serve } from "bun";`,
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: Date.now",
			"export const f = () => Date.now();",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: Date.now",
			"export const clock = { now: Date.now };",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: Math.random",
			"export const f = () => Math.random();",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: new Date()",
			"export const f = () => new Date();",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: Date()",
			"export const f = () => Date();",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: performance.now",
			"export const f = () => performance.now();",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: Temporal.Now",
			"export const f = () => Temporal.Now.instant();",
		],
		[
			"src/store/a.ts",
			"1: time and chance are arguments: randomUUID",
			"export const f = () => crypto.randomUUID();",
		],
		["src/store/a.ts", "1: a module has no state: calls", "let calls = 0;"],
		[
			"scripts/a.ts",
			"1: a module has no state: calls",
			"export let calls = 0;",
		],
		["src/store/a.ts", "1: a module has no state: calls", "var calls = 0;"],
		[
			"src/store/a.ts",
			"1: a module has no state: cache",
			"const cache = new Map<string, string>();",
		],
		[
			"src/store/a.ts",
			"1: a module has no state: cache",
			"const cache: Record<string, string> = {};",
		],
		[
			"src/store/a.ts",
			"1: a module has no state: queue",
			"const queue: string[] = [];",
		],
	];
