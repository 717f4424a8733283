import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseTree } from "./parse.ts";
import { findBroken } from "./rules.ts";

const root = join(import.meta.dir, "../..");

test("the tree keeps the rules of the house", async () => {
	const texts: Record<string, string> = {};
	for (const path of new Bun.Glob("{src,scripts,test}/**/*.ts").scanSync(root))
		texts[path] = await Bun.file(join(root, path)).text();
	const sources = await parseTree(texts);
	expect(sources.map(({ path }) => path)).toContain("src/main.ts");
	expect(findBroken(sources)).toEqual([]);
	// It parses six hundred files, beside whatever else the machine does.
}, 30_000);
