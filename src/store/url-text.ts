/** The parts of a URL as texts, read the same way for every kind of database. */

/** Says what is wrong with a text without quoting it, for it may hold a password; without a word, that it is nothing of the kind. */
export type Fail = (why?: string) => undefined;

/** Without its percent-encoding. undefined: a % that begins no code, or a control character, which no name or path has. */
export function decode(text: string): string | undefined {
	try {
		const decoded = decodeURIComponent(text);
		return /\p{Cc}/u.test(decoded) ? undefined : decoded;
	} catch (error) {
		if (error instanceof URIError) return undefined;
		throw error;
	}
}

/** What follows the `?`, by name; one without a value is as good as none. A plus is a plus: only forms write spaces so. */
export function readParameters(search: string): Map<string, string> {
	const pairs = new URLSearchParams(search.replaceAll("+", "%2B"));
	return new Map([...pairs].filter(([, value]) => value !== ""));
}

/** Names fit to be shown: what stands in for one may be a piece of a password that was not encoded. */
export function toNames(names: Iterable<string>): string[] {
	return [...names].map((name) => (/^\w{1,40}$/.test(name) ? name : "…"));
}
