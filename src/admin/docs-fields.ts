/** A field's schema in words, for the API's page. */
import type { JsonSchema } from "./json-schema.ts";

const names: Readonly<Record<string, string>> = {
	string: "text",
	integer: "whole number",
	number: "number",
	boolean: "true or false",
	object: "object",
	array: "list",
};

/** Said of all texts; on the page it would be noise. */
const usualLength = { least: 1, most: 512 };
/** Numbers from here on are only there to have an end. */
const endless = 999_999_999;

/** In backquotes what is code. */
export function toTypeText(schema: JsonSchema): string {
	const choices = schema.enum?.filter((value) => value !== null);
	if (choices) return choices.map((value) => `\`${value}\``).join(", ");
	const [type = ""] = [schema.type ?? []].flat();
	const name = schema.format === "date" ? "day" : (names[type] ?? "anything");
	const bounds = toBounds(schema);
	const of = schema.items && toItems(schema.items);
	return [of ? `${name} of ${of}` : name, bounds].filter(Boolean).join(", ");
}

function toItems(items: JsonSchema): string {
	const members = Object.keys(items.properties ?? {});
	if (members.length > 0) return `\`{${members.join(", ")}}\``;
	return items.type === "string" ? "texts" : toTypeText(items);
}

const toFigure = (value: number): string => value.toLocaleString("en-US");

function toBounds({
	minimum,
	maximum,
	minLength = usualLength.least,
	maxLength = usualLength.most,
	maxItems,
}: JsonSchema): string {
	if (minimum !== undefined) {
		return maximum === undefined || maximum >= endless
			? `from ${toFigure(minimum)}`
			: `${toFigure(minimum)} to ${toFigure(maximum)}`;
	}
	if (maxItems !== undefined) return `at most ${toFigure(maxItems)}`;
	return minLength > usualLength.least || maxLength < usualLength.most
		? `${toFigure(minLength)} to ${toFigure(maxLength)} characters`
		: "";
}
