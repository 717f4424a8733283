import type { Source } from "./parse.ts";
import { mayImport, toRoom } from "./rooms.ts";
import type { Finding } from "./rules.ts";

const contract = "src/platform/contract.ts";
/** The one file above src that src reads: it has the version. */
const packageManifest = "package.json";
const namesFile = /\.(ts|json|sql|html|css|txt)$/;

/** `../domain/error.ts` seen from `src/gateway/read.ts` is `src/domain/error.ts`; null for a package. */
function toPath(from: string, specifier: string) {
	if (specifier === "#platform") return "src/platform/bun.ts";
	return specifier.startsWith(".")
		? new URL(specifier, `file:///${from}`).pathname.slice(1)
		: null;
}

export function* findWrongArrows({ path, imports }: Source): Iterable<Finding> {
	const from = toRoom(path);
	if (!from)
		return yield {
			line: 1,
			what: "there is no such room (test/layout/rooms.ts has the list)",
		};
	for (const { specifier, line } of imports) {
		const target = toPath(path, specifier);
		const to = toRoom(target ?? "");
		if (target === packageManifest || (target === null && from !== "domain"))
			continue;
		if (!to || !mayImport(from, to))
			yield { line, what: `${from} → ${to ?? specifier}` };
	}
}

export function* findSideDoors({ path, imports }: Source): Iterable<Finding> {
	for (const { specifier, typeOnly, line } of imports) {
		const target = toPath(path, specifier);
		const isDoor =
			specifier === "#platform" || (target === contract && typeOnly);
		if (target?.startsWith("src/platform/") && !isDoor)
			yield {
				line,
				what: `${specifier} (types alone may come from ${contract})`,
			};
	}
}

export function* findVagueImports({ imports }: Source): Iterable<Finding> {
	for (const { specifier, line } of imports)
		if (/^\.{0,2}\//.test(specifier) && !namesFile.test(specifier))
			yield { line, what: specifier };
}
