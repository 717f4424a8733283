import type {
	ContentBlock,
	ServerToolResultBlock,
	ServerToolUseBlock,
} from "./content-shapes.ts";
import { toId, toOpaque } from "./ids.ts";
import { isObject, type JsonObject, toList, toText } from "./json.ts";

const caller = { type: "direct" } as const;
const pageUrl = "https://example.com/weather";
const pageTitle = "The weather, as simulated";
const pageText = "It is mild and dry, and it stays so.";

interface ServerTool {
	/** Tools of this type, whatever their date. */
	prefix: string;
	name: ServerToolUseBlock["name"];
	toInput(query: string): Record<string, unknown>;
	toResult(useId: string): ServerToolResultBlock;
}

const serverTools: readonly ServerTool[] = [
	{
		prefix: "web_search_",
		name: "web_search",
		toInput: (query) => ({ query }),
		toResult: (useId) => ({
			type: "web_search_tool_result",
			tool_use_id: useId,
			caller,
			content: [
				{
					type: "web_search_result",
					url: pageUrl,
					title: pageTitle,
					encrypted_content: toOpaque(useId),
					page_age: "1 day ago",
				},
			],
		}),
	},
	{
		prefix: "web_fetch_",
		name: "web_fetch",
		toInput: () => ({ url: pageUrl }),
		toResult: (useId) => ({
			type: "web_fetch_tool_result",
			tool_use_id: useId,
			caller,
			content: {
				type: "web_fetch_result",
				url: pageUrl,
				retrieved_at: null,
				content: {
					type: "document",
					title: pageTitle,
					citations: null,
					source: { type: "text", media_type: "text/plain", data: pageText },
				},
			},
		}),
	},
	{
		prefix: "code_execution_",
		name: "bash_code_execution",
		toInput: () => ({ command: "echo hello" }),
		toResult: (useId) => ({
			type: "bash_code_execution_tool_result",
			tool_use_id: useId,
			content: {
				type: "bash_code_execution_result",
				stdout: "hello\n",
				stderr: "",
				return_code: 0,
				content: [],
			},
		}),
	},
];

/** Each server tool that the request offers is used once; a search is followed by a sentence that cites it. */
export function toServerToolBlocks(
	request: JsonObject,
	text: string,
	seed: string,
): ContentBlock[] {
	const types = toList(request.tools).map((tool) =>
		isObject(tool) ? toText(tool.type) : "",
	);
	return serverTools
		.filter(({ prefix }) => types.some((type) => type.startsWith(prefix)))
		.flatMap((tool) => {
			const id = toId("srvtoolu", `${seed}:${tool.name}`);
			const use: ServerToolUseBlock = {
				type: "server_tool_use",
				id,
				name: tool.name,
				input: tool.toInput(text.slice(0, 100)),
				caller,
			};
			const blocks: ContentBlock[] = [use, tool.toResult(id)];
			if (tool.name === "web_search") blocks.push(toCitedText(id));
			return blocks;
		});
}

function toCitedText(useId: string): ContentBlock {
	return {
		type: "text",
		text: "According to the simulator, it is mild and dry.",
		citations: [
			{
				type: "web_search_result_location",
				url: pageUrl,
				title: pageTitle,
				encrypted_index: toOpaque(`${useId}:index`),
				cited_text: pageText,
			},
		],
	};
}
