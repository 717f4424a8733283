import { homedir } from "node:os";

/** What a file of the project must not name: it would be true on one machine only, or tie everybody to one registry. */
export interface AddressRule {
	name: string;
	files: RegExp;
	pattern: RegExp;
}

/** Homes in tests belong to people who do not exist. */
const madeUp = "ada|me|you|user";
/** A home that is the root folder is no sign of anything. */
const home = homedir() === "/" ? "/nobody" : homedir();

export const addressRules: readonly AddressRule[] = [
	{
		name: "an address in the lockfile",
		files: /^bun\.lock$/,
		pattern: /\b(https?|git|file|ssh):/,
	},
	{
		name: "a registry's address",
		files: /(^|\/)(package\.json|bunfig\.toml|\.npmrc|\.ci\/.*|Dockerfile)$/,
		pattern: /registry\s*=|_authToken|\/\/[\w.-]*registry[\w.-]*/,
	},
	{
		name: "somebody's home",
		files: /./,
		pattern: new RegExp(`(?<![\\w$.~-])/(home|Users)/(?!(${madeUp})\\b)\\w`),
	},
	{
		name: "this machine's home",
		files: /./,
		pattern: new RegExp(`(?<![\\w$.~-])${RegExp.escape(home)}/(?=\\w)`),
	},
];

/** `path:line: what` for every line that names such an address. */
export function findAddresses(
	texts: Iterable<readonly [path: string, text: string]>,
) {
	const found: string[] = [];
	for (const [path, text] of texts) {
		const wanted = addressRules.filter(({ files }) => files.test(path));
		for (const [index, line] of text.split("\n").entries())
			for (const { name, pattern } of wanted)
				if (pattern.test(line)) found.push(`${path}:${index + 1}: ${name}`);
	}
	return found;
}
