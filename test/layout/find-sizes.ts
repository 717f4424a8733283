import { basename, dirname } from "node:path/posix";
import type { Node } from "typescript/unstable/ast";
import {
	isCallExpression,
	isFunctionLikeDeclaration,
	isIdentifier,
	isPropertyAccessExpression,
} from "typescript/unstable/ast/is";
import { lineOf, type Source, walk } from "./parse.ts";
import type { Finding } from "./rules.ts";

export const maxFileLines = 400;
export const maxFunctionLines = 70;
const emptyNames = /^(index|utils?|common|helpers?|misc|shared|lib)$/;

export function* findLongFile({ lines }: Source): Iterable<Finding> {
	if (lines > maxFileLines)
		yield { line: maxFileLines + 1, what: `${lines} lines` };
}

/** From the declaration's first line to its last, comments and inner functions counted. A `describe` only groups. */
export function* findLongFunctions({ file }: Source): Iterable<Finding> {
	for (const node of walk(file)) {
		if (!isFunctionLikeDeclaration(node) || isGroup(node)) continue;
		const line = lineOf(file, node);
		const lines = file.getLineAndCharacterOfPosition(node.end).line + 2 - line;
		if (lines > maxFunctionLines) yield { line, what: `${lines} lines` };
	}
}

/** The function in `describe("…", () => …)` or `describe.each(…)("…", () => …)` */
function isGroup({ parent }: Node): boolean {
	if (!parent || !isCallExpression(parent)) return false;
	let callee: Node = parent.expression;
	while (isCallExpression(callee) || isPropertyAccessExpression(callee))
		callee = callee.expression;
	return isIdentifier(callee) && callee.text === "describe";
}

export function* findEmptyName({ path }: Source): Iterable<Finding> {
	const names = [
		basename(path).replace(/(\.test)?\.ts$/, ""),
		...dirname(path).split("/"),
	];
	for (const name of names)
		if (emptyNames.test(name))
			yield { line: 1, what: `"${name}" says nothing` };
}
