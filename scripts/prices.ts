/**
 * `bun run prices <file>`: makes the catalog that is shipped out of a researched list of prices, and prints what changed
 * against the one before.
 */
import { toColumns } from "../src/cli/terminal.ts";
import { readDocument } from "../src/pricing/read-document.ts";
import { listChanges } from "./price-changes.ts";
import { projectRoot } from "./project.ts";
import { say } from "./say.ts";
import { toShippedText } from "./shipped-prices.ts";

const [path, ...rest] = process.argv.slice(2);
if (path === undefined || rest.length > 0) {
	say("Usage: bun run prices <file>");
	process.exit(2);
}
const text = toShippedText(await Bun.file(path).json());
const { problems } = readDocument(text);
if (problems) {
	for (const problem of problems) say(problem);
	process.exit(1);
}
const shipped = Bun.file(`${projectRoot}/src/pricing/prices.json`);
const before = (await shipped.exists()) ? await shipped.json() : { models: [] };
await Bun.write(shipped, text);
for (const line of toColumns(listChanges(before, JSON.parse(text)))) {
	console.log(line);
}
