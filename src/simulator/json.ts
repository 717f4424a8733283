export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function toList(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

/** A member of a request as text, whatever it is: a body may hold an object whose `toString` is no function. */
export const toText = (value: unknown): string =>
	typeof value === "string" ? value : (JSON.stringify(value) ?? "");
