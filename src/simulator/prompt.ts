import { isObject, type JsonObject, toList } from "./json.ts";

/** The smallest thing a cache breakpoint can stand behind. */
export interface PromptPiece {
	readonly tokens: number;
	/** Lifetime of a `cache_control` marker on this piece. */
	readonly cacheFor: "5m" | "1h" | undefined;
	/** What is compared when prefixes are: everything but the marker. */
	toText(): string;
}

const charactersPerToken = 4;
const tokensPerMessage = 3;
/** What the API adds for its own instructions once tools are declared. */
const toolPreambleTokens = 346;
const tokensPerMedium = 1_600;

/** An estimate, exact in one respect: the same text always has the same number of tokens. */
export function toTokens(text: string): number {
	return Math.ceil(text.length / charactersPerToken);
}

export function sumTokens(pieces: readonly PromptPiece[]): number {
	return pieces.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** Tools, system, messages: the order in which the API caches them. */
export function toPieces(request: JsonObject): PromptPiece[] {
	const tools = toList(request.tools);
	const pieces = tools.map((tool, at) =>
		toPiece(tool, at === 0 ? toolPreambleTokens : 0),
	);
	for (const block of toBlocks(request.system)) pieces.push(toPiece(block, 0));
	for (const message of toList(request.messages)) {
		if (!isObject(message)) continue;
		toBlocks(message.content).forEach((block, at) => {
			pieces.push(toPiece(block, at === 0 ? tokensPerMessage : 0));
		});
	}
	return markWhole(pieces, request.cache_control);
}

/** A `cache_control` at the top level marks the last piece. */
function markWhole(pieces: PromptPiece[], marker: unknown): PromptPiece[] {
	const last = pieces.at(-1);
	const cacheFor = readMarker(marker);
	if (last !== undefined && cacheFor !== undefined) {
		pieces[pieces.length - 1] = { ...last, cacheFor };
	}
	return pieces;
}

export function toBlocks(content: unknown): readonly unknown[] {
	return typeof content === "string" ? [content] : toList(content);
}

function toPiece(block: unknown, extraTokens: number): PromptPiece {
	return {
		tokens: extraTokens + countTokens(block),
		cacheFor: isObject(block) ? readMarker(block.cache_control) : undefined,
		toText: () => toComparable(block),
	};
}

function readMarker(marker: unknown): "5m" | "1h" | undefined {
	if (!isObject(marker)) return undefined;
	return marker.ttl === "1h" ? "1h" : "5m";
}

function countTokens(block: unknown): number {
	if (typeof block === "string") return toTokens(block);
	if (!isObject(block)) return 0;
	if (typeof block.text === "string") return toTokens(block.text);
	if (isObject(block.source)) return tokensPerMedium;
	return toTokens(toComparable(block));
}

function toComparable(block: unknown): string {
	return JSON.stringify(block, (name, value) =>
		name === "cache_control" ? undefined : value,
	);
}

/** The text of the last message, and whether it brings results of tools. */
export function readLastMessage(request: JsonObject): {
	text: string;
	hasToolResult: boolean;
} {
	const message = toList(request.messages).at(-1);
	const blocks = isObject(message) ? toBlocks(message.content) : [];
	const texts = blocks.map((block) => {
		if (typeof block === "string") return block;
		return isObject(block) && typeof block.text === "string" ? block.text : "";
	});
	return {
		// Clients put reminders of their own in front of what the user wrote.
		text: texts.findLast((text) => text !== "") ?? "",
		hasToolResult: blocks.some(
			(block) => isObject(block) && block.type === "tool_result",
		),
	};
}
