/** Content blocks that tell something about the cost. */

/** Code ran in a container. */
export const isCodeExecution = (type: unknown): boolean =>
	typeof type === "string" && type.endsWith("code_execution_tool_result");

export const isThinking = (type: string): boolean =>
	type === "thinking" || type === "redacted_thinking";
