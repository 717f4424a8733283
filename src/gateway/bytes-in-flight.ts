import { GatewayError } from "../domain/error.ts";

/** A bound on the request bytes held in memory by all calls together, so that large bodies end in 503 and never in an OOM kill. */
export interface BytesInFlight {
	/** @throws GatewayError `busy` when there is no room */
	take(bytes: number): void;
	give(bytes: number): void;
	used(): number;
}

export function openBytesInFlight(ceilingBytes: number): BytesInFlight {
	let used = 0;
	return {
		take: (bytes) => {
			if (used + bytes > ceilingBytes) {
				throw new GatewayError(
					"busy",
					"Too many large request bodies are in progress on this gateway. Try again in a moment; the operator can raise TOLLWAY_MAX_BYTES_IN_FLIGHT.",
				);
			}
			used += bytes;
		},
		give: (bytes) => {
			used -= bytes;
		},
		used: () => used,
	};
}
