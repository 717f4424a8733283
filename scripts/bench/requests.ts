/** The bodies that are sent. */
const model = "claude-sonnet-5-5";
const largeBytes = 250_000;

export const smallBody = JSON.stringify({
	model,
	max_tokens: 1024,
	messages: [{ role: "user", content: "Hello, world" }],
});

export const streamBody = JSON.stringify({
	model,
	max_tokens: 1024,
	stream: true,
	messages: [{ role: "user", content: "Hello, world" }],
});

/** A coding conversation of 250,000 bytes: prose, source with quotes and line ends, tool calls and their results. */
export const largeBody = makeLargeBody();

function makeLargeBody() {
	const messages = Array.from({ length: 1_000 }, (_, turn) => toMessage(turn));
	const body = { model, max_tokens: 4096, system: prose(40), messages };
	const bytes = () => Buffer.byteLength(JSON.stringify(body));
	while (bytes() > largeBytes) messages.pop();
	const last = { role: "user", content: "" };
	messages.push(last);
	last.content = "x".repeat(Math.max(0, largeBytes - bytes()));
	return JSON.stringify(body);
}

function toMessage(turn: number): { role: string; content: unknown } {
	const id = `toolu_${String(turn >> 2).padStart(24, "0")}`;
	const turns = [
		{ role: "user", content: prose(20) },
		{
			role: "assistant",
			content: [
				{ type: "text", text: prose(4) },
				{
					type: "tool_use",
					id,
					name: "read_file",
					input: { path: `src/part-${turn}.ts`, from: 1, to: 80 },
				},
			],
		},
		{
			role: "user",
			content: [{ type: "tool_result", tool_use_id: id, content: source(40) }],
		},
		{
			role: "assistant",
			content: [
				{ type: "text", text: `${prose(12)}\n\n\`\`\`ts\n${source(12)}\`\`\`` },
			],
		},
	] as const;
	return turns[turn % turns.length] ?? turns[0];
}

function prose(sentences: number) {
	return 'The caller "waits" until the last byte has crossed – then it is settled. '.repeat(
		sentences,
	);
}

function source(lines: number) {
	return '\tif (line.startsWith("data: ")) total += line.length; // \\n is not counted\n'.repeat(
		lines,
	);
}
