import { type Handler, type Rules, routes } from "./routes.ts";

interface Node {
	/** By method. */
	readonly rows: Map<string, { handle: Handler; rules: Rules }>;
	readonly children: Map<string, Node>;
	wildcard?: { name: string; node: Node };
}

export type Match =
	| {
			kind: "found";
			handle: Handler;
			rules: Rules;
			params: Record<string, string>;
	  }
	| { kind: "unknown-path" }
	| { kind: "unknown-method" };

/** Finds the row for a method and a path without its query. */
export type Router = (method: string, path: string) => Match;

export function openRouter(): Router {
	const root = openNode();
	for (const [method, template, handle, rules] of routes) {
		let node = root;
		for (const segment of template.split("/").slice(1)) {
			node = openChild(node, segment);
		}
		node.rows.set(method, { handle, rules });
	}
	return (method, path) => {
		const params: Record<string, string> = {};
		let node: Node | undefined = root;
		for (const segment of path.split("/").slice(1)) {
			node = descend(node, segment, params);
			if (node === undefined) return { kind: "unknown-path" };
		}
		const row = node.rows.get(method);
		if (row !== undefined) return { kind: "found", ...row, params };
		return { kind: node.rows.size > 0 ? "unknown-method" : "unknown-path" };
	};
}

function openNode(): Node {
	return { rows: new Map(), children: new Map() };
}

function openChild(node: Node, segment: string): Node {
	if (segment.startsWith("{")) {
		node.wildcard ??= { name: segment.slice(1, -1), node: openNode() };
		return node.wildcard.node;
	}
	const child = node.children.get(segment) ?? openNode();
	node.children.set(segment, child);
	return child;
}

function descend(
	node: Node,
	segment: string,
	params: Record<string, string>,
): Node | undefined {
	const child = node.children.get(segment);
	if (child !== undefined) return child;
	if (node.wildcard === undefined || segment === "") return undefined;
	params[node.wildcard.name] = segment;
	return node.wildcard.node;
}
