import { type Node, NodeFlags } from "typescript/unstable/ast";
import {
	isArrayLiteralExpression,
	isCallExpression,
	isIdentifier,
	isNewExpression,
	isObjectLiteralExpression,
	isPropertyAccessExpression,
	isVariableStatement,
} from "typescript/unstable/ast/is";
import { lineOf, type Source, walk } from "./parse.ts";
import type { Finding } from "./rules.ts";

const runtimes = /^(Bun|Deno)$/;
const runtimeModules = /^(bun|deno|npm|jsr)(:|$)/;

/** What gives another answer at every call; platform offers each as an argument. Referring to one is enough. */
const ambientMembers =
	/^(globalThis\.)?(Date\.now|Math\.random|performance\.now|Temporal\.Now)$/;
const ambientNames =
	/^(randomUUID|randomBytes|randomFill|randomInt|getRandomValues|hrtime)$/;
const emptyContainers = /^(Map|Set|WeakMap|WeakSet|Array)$/;

/** The names `Bun` and `Deno` as values or types (not as somebody's property), and modules only one of them has. */
export function* findRuntimeNames({
	file,
	imports,
}: Source): Iterable<Finding> {
	for (const { specifier, line } of imports)
		if (runtimeModules.test(specifier)) yield { line, what: specifier };
	for (const node of walk(file))
		if (isIdentifier(node) && runtimes.test(node.text) && !isMemberName(node))
			yield { line: lineOf(file, node), what: node.text };
}

/** `Bun` in `wanted.Bun`, but not in `globalThis.Bun` */
function isMemberName(node: Node) {
	const { parent } = node;
	return (
		isPropertyAccessExpression(parent) &&
		parent.name === node &&
		parent.expression.getText() !== "globalThis"
	);
}

export function* findAmbientCalls({ file }: Source): Iterable<Finding> {
	for (const node of walk(file)) {
		const text = () => node.getText(file);
		const isAmbient =
			(isPropertyAccessExpression(node) && ambientMembers.test(text())) ||
			(isIdentifier(node) && ambientNames.test(node.text)) ||
			(isNewExpression(node) &&
				isDate(node.expression) &&
				!node.arguments?.length) ||
			(isCallExpression(node) && isDate(node.expression));
		if (isAmbient) yield { line: lineOf(file, node), what: text() };
	}
}

function isDate(node: Node) {
	return isIdentifier(node) && node.text === "Date";
}

/**
 * At the top of a module: `let`, `var`, and a container that starts empty, which only makes sense when it is filled
 * later. One typed `Readonly…` or `readonly …[]` is a constant.
 */
export function* findModuleState({ file }: Source): Iterable<Finding> {
	for (const statement of file.statements) {
		if (!isVariableStatement(statement)) continue;
		const { declarations, flags } = statement.declarationList;
		for (const { name, type, initializer } of declarations)
			if (
				!(flags & NodeFlags.Const) ||
				(initializer &&
					isEmptyContainer(initializer) &&
					!/^readonly/i.test(type?.getText(file) ?? ""))
			)
				yield { line: lineOf(file, statement), what: name.getText(file) };
	}
}

function isEmptyContainer(node: Node) {
	if (isArrayLiteralExpression(node)) return node.elements.length === 0;
	if (isObjectLiteralExpression(node)) return node.properties.length === 0;
	return (
		isNewExpression(node) &&
		emptyContainers.test(node.expression.getText()) &&
		!node.arguments?.length
	);
}
