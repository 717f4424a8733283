import {
	type Node,
	type SourceFile,
	SyntaxKind,
} from "typescript/unstable/ast";
import {
	isCallExpression,
	isExportDeclaration,
	isImportDeclaration,
	isImportTypeNode,
	isLiteralTypeNode,
	isStringLiteral,
} from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/async";
import { createVirtualFileSystem } from "typescript/unstable/fs";

/** One file of the tree: its path from the checkout's top, its syntax tree, and what it imports, in any way. */
export interface Source {
	path: string;
	lines: number;
	file: SourceFile;
	imports: Import[];
}

export interface Import {
	specifier: string;
	typeOnly: boolean;
	line: number;
}

const top = "/tree/";

/**
 * Parses files (text by path) with the compiler's own parser. TypeScript 7 offers that to JavaScript as an `unstable`
 * module; its synchronous form reads a Node internal that Bun lacks, the asynchronous one works.
 */
export async function parseTree(
	texts: Record<string, string>,
): Promise<Source[]> {
	const config = JSON.stringify({
		compilerOptions: {
			noLib: true,
			noResolve: true,
			types: [],
			allowImportingTsExtensions: true,
			noEmit: true,
		},
		files: Object.keys(texts),
	});
	const files = Object.entries({ ...texts, "tsconfig.json": config });
	const api = new API({
		cwd: top,
		fs: createVirtualFileSystem(
			Object.fromEntries(files.map(([path, text]) => [top + path, text])),
		),
	});
	try {
		const snapshot = await api.updateSnapshot({
			openProjects: [`${top}tsconfig.json`],
		});
		const program = snapshot.getProjects()[0]?.program;
		const sources: Source[] = [];
		for (const [path, text] of Object.entries(texts)) {
			const file = await program?.getSourceFile(top + path);
			if (!file) throw new Error(`TypeScript did not parse ${path}`);
			sources.push({
				path,
				file,
				lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
				imports: readImports(file),
			});
		}
		return sources;
	} finally {
		await api.close();
	}
}

/** The line a node starts on (comments before it not counted), from 1. */
export function lineOf(file: SourceFile, node: Node) {
	return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** Every node of the file, parents first. */
export function* walk(node: Node): Generator<Node> {
	yield node;
	const children: Node[] = [];
	node.forEachChild((child) => {
		children.push(child);
	});
	for (const child of children) yield* walk(child);
}

function readImports(file: SourceFile): Import[] {
	return [...walk(file)].flatMap((node) => {
		const found = toImport(node);
		if (!found || !isStringLiteral(found.specifier)) return [];
		const { specifier, typeOnly } = found;
		return { specifier: specifier.text, typeOnly, line: lineOf(file, node) };
	});
}

/** `import … from`, `export … from`, `import("…")` and `import("…").Type` */
function toImport(
	node: Node,
): { specifier: Node; typeOnly: boolean } | undefined {
	if (isImportDeclaration(node))
		return {
			specifier: node.moduleSpecifier,
			typeOnly: node.importClause?.phaseModifier === SyntaxKind.TypeKeyword,
		};
	if (isExportDeclaration(node) && node.moduleSpecifier)
		return { specifier: node.moduleSpecifier, typeOnly: node.isTypeOnly };
	if (isImportTypeNode(node) && isLiteralTypeNode(node.argument))
		return { specifier: node.argument.literal, typeOnly: true };
	if (
		isCallExpression(node) &&
		node.expression.kind === SyntaxKind.ImportKeyword &&
		node.arguments[0]
	)
		return { specifier: node.arguments[0], typeOnly: false };
	return undefined;
}
