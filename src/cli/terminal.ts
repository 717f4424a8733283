/** Colour and form of what people read. */
import { styleText } from "node:util";
import type { Config } from "./config.ts";
import type { Environment } from "./sources.ts";
import type { Output, World } from "./world.ts";

export type Style = Parameters<typeof styleText>[0];

/** Text in a style, or as it is where there is no colour. Pad before you paint: the codes count as characters. */
export type Paint = (style: Style, text: string) => string;

export function toPaint(color: boolean): Paint {
	return color
		? (style, text) => styleText(style, text, { validateStream: false })
		: (_, text) => text;
}

export interface Look {
	readonly pretty: boolean;
	readonly color: boolean;
}

function hasColor(
	choice: Config["log"]["color"],
	output: Output,
	env: Environment,
): boolean {
	if (choice !== "auto") return choice === "always";
	return output.isTty && env.TERM !== "dumb";
}

/** How log lines and the banner look on this output. */
export function toLook(
	log: Config["log"],
	output: Output,
	env: Environment,
): Look {
	const pretty =
		log.format === "pretty" || (log.format === "auto" && output.isTty);
	return { pretty, color: pretty && hasColor(log.color, output, env) };
}

/** For commands that print before, or without, a whole configuration. */
export function toPlainPaint(
	{ env }: Pick<World, "env">,
	output: Output,
): Paint {
	const forced = env.FORCE_COLOR;
	if (forced) return toPaint(!["0", "false"].includes(forced.toLowerCase()));
	return toPaint(hasColor(env.NO_COLOR ? "never" : "auto", output, env));
}

/** Rows as aligned columns, two spaces apart; the last column is left as long as it is. */
export function toColumns(rows: readonly (readonly string[])[]): string[] {
	const widths: number[] = [];
	for (const row of rows) {
		for (const [at, cell] of row.entries()) {
			widths[at] = Math.max(widths[at] ?? 0, cell.length);
		}
	}
	return rows.map((row) =>
		row
			.map((cell, at) => cell.padEnd(widths[at] ?? 0))
			.join("  ")
			.trimEnd(),
	);
}

/** Breaks at spaces; every line after the first begins with `indent` spaces. */
export function wrap(text: string, width: number, indent: number): string {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		const longer = line === "" ? word : `${line} ${word}`;
		if (line !== "" && indent + longer.length > width) {
			lines.push(line);
			line = word;
		} else {
			line = longer;
		}
	}
	return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
