/** Two catalogs of prices compared, for whoever reviews the newer one. */

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** `standard.input` and the like, each with its text. */
function* listLeaves(value: unknown, path = ""): Iterable<[string, string]> {
	if (!isObject(value)) {
		yield [path, typeof value === "string" ? value : JSON.stringify(value)];
		return;
	}
	for (const [name, member] of Object.entries(value)) {
		yield* listLeaves(member, path ? `${path}.${name}` : name);
	}
}

interface Model {
	readonly model: string;
	readonly prices: readonly { readonly from?: string }[];
}

/** By model, first day of a price (empty: of the model itself) and field. */
function toFacts(models: readonly Model[]) {
	const facts = new Map<string, readonly [readonly string[], string]>();
	const add = (key: readonly string[], text: string) =>
		facts.set(key.join("\t"), [key, text]);
	for (const { model, prices, ...own } of models) {
		for (const [field, text] of listLeaves(own)) add([model, "", field], text);
		for (const { from = "always", ...price } of prices) {
			for (const [field, text] of listLeaves(price))
				add([model, from, field], text);
		}
	}
	return facts;
}

/** Rows of a table, its head first; a sentence where nothing changed. */
export function listChanges(
	before: { readonly models: readonly Model[] },
	now: { readonly models: readonly Model[] },
): readonly (readonly string[])[] {
	const old = toFacts(before.models);
	const fresh = toFacts(now.models);
	const changes = [...new Map([...fresh, ...old])].flatMap(([id, [key]]) => {
		const [was, is] = [old.get(id)?.[1] ?? "-", fresh.get(id)?.[1] ?? "-"];
		return was === is ? [] : [[...key, was, is]];
	});
	return changes.length > 0
		? [["model", "from", "field", "before", "now"], ...changes]
		: [["no price changed"]];
}
