import { GatewayError } from "../domain/error.ts";
import { isPassing, StoreError } from "../store/engine.ts";

/** What the database could not do, as an answer. All else stays what it is. */
export function toAnswerable(error: unknown): unknown {
	if (!(error instanceof StoreError)) return error;
	if (error.fault === "conflict") {
		return new GatewayError(
			"malformed_request",
			"This alias or id is another's already, made a moment ago in another process. Choose another.",
			{ cause: error },
		);
	}
	return isPassing(error)
		? new GatewayError(
				"busy",
				"The database does not answer at present. Try again in a moment.",
				{ cause: error },
			)
		: error;
}
