import { expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json";

const notice = await Bun.file(join(import.meta.dir, "../../NOTICE")).text();

test.each(Object.keys(manifest.dependencies))(
	"NOTICE names %s and its licence",
	async (name) => {
		const { license } = await import(`../../node_modules/${name}/package.json`);
		expect(notice).toMatch(
			new RegExp(`^ +${RegExp.escape(name)} +${RegExp.escape(license)} `, "m"),
		);
	},
);
