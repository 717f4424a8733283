import { toUpstreamError } from "./forward.ts";
import type { Gateway } from "./pipeline.ts";

/** Milliseconds to wait for the answer. */
const patienceMs = 5_000;

/** Asks upstream for its list of models, which is free. Resolves with what is wrong, or null. */
export async function checkUpstream(gateway: Gateway): Promise<string | null> {
	const { credential } = gateway.authority;
	const headers: Record<string, string> = {
		"anthropic-version": "2023-06-01",
		"accept-encoding": "identity",
		"user-agent": gateway.userAgent,
	};
	if (credential) headers[credential.header] = credential.value;
	try {
		const reply = await gateway.fetch(
			`${gateway.upstreamUrl}/v1/models?limit=1`,
			{
				method: "GET",
				headers,
				body: null,
				signal: AbortSignal.timeout(patienceMs),
			},
		);
		await reply.body?.cancel();
		// Without a credential of ours the answer is 401, and upstream is there all the same.
		const fine = reply.status < 400 || (reply.status === 401 && !credential);
		return fine ? null : `upstream answers ${reply.status}`;
	} catch (cause) {
		return (cause as Error).name === "TimeoutError"
			? `upstream did not answer within ${patienceMs / 1000} s`
			: toUpstreamError(cause).message;
	}
}
