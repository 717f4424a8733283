/** At most so many bytes of a reply, as text; the rest is left unread. */
export async function readText(
	{ body }: Response,
	maxBytes: number,
): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	let bytes = 0;
	for await (const chunk of body ?? []) {
		bytes += chunk.length;
		text += decoder.decode(chunk, { stream: true });
		if (bytes > maxBytes) break;
	}
	return text + decoder.decode();
}
