/** A call that costs money, as a client makes it. */

export interface Answer {
	readonly status: number;
	/** The gateway's name for the call. */
	readonly id: string;
	readonly retryAfter: string | null;
	/** What came of the body. */
	readonly text: string;
	/** The body came to its end. */
	readonly whole: boolean;
}

export interface CallOptions {
	readonly stream?: boolean;
	readonly eventDelayMs?: number;
}

export async function callPaid(
	url: string,
	{ stream = false, eventDelayMs = 0 }: CallOptions = {},
): Promise<Answer> {
	const reply = await fetch(`${url}/v1/messages`, {
		method: "POST",
		headers: {
			"anthropic-version": "2023-06-01",
			"x-simulator-script": JSON.stringify({ event_delay_ms: eventDelayMs }),
		},
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 100,
			stream,
			messages: [{ role: "user", content: "hi" }],
		}),
	});
	const head = {
		status: reply.status,
		id: reply.headers.get("x-litellm-call-id") ?? "",
		retryAfter: reply.headers.get("retry-after"),
	};
	let text = "";
	try {
		const decoder = new TextDecoder();
		for await (const chunk of reply.body ?? []) text += decoder.decode(chunk);
		return { ...head, text, whole: true };
	} catch {
		return { ...head, text, whole: false };
	}
}

export const readReady = async (url: string): Promise<number> =>
	(await fetch(`${url}/readyz`)).status;

const patienceMs = 20_000;
const lookEveryMs = 20;

export async function until(
	condition: () => boolean | Promise<boolean>,
): Promise<void> {
	const deadline = performance.now() + patienceMs;
	while (!(await condition())) {
		if (performance.now() > deadline) throw new Error("it never came true");
		await Bun.sleep(lookEveryMs);
	}
}
