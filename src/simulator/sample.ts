import { isObject } from "./json.ts";

const maxDepth = 8;

const samples: Record<string, unknown> = {
	string: "example",
	integer: 1,
	number: 1.5,
	boolean: true,
	null: null,
};

/** A value that fits a JSON schema: the first allowed one, every listed property present. */
export function toSample(schema: unknown, depth = 0): unknown {
	if (!isObject(schema) || depth > maxDepth) return {};
	if ("const" in schema) return schema.const;
	if (Array.isArray(schema.enum)) return schema.enum[0];
	for (const key of ["anyOf", "oneOf"] as const) {
		const choices = schema[key];
		if (Array.isArray(choices)) return toSample(choices[0], depth + 1);
	}
	const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
	if (type === "array") return [toSample(schema.items, depth + 1)];
	if (typeof type === "string" && type in samples) return samples[type];
	const properties = isObject(schema.properties) ? schema.properties : {};
	return Object.fromEntries(
		Object.entries(properties).map(([name, property]) => [
			name,
			toSample(property, depth + 1),
		]),
	);
}
