import { GatewayError } from "../domain/error.ts";
import { isPassing, StoreError } from "../store/engine.ts";

/** What the database could not do, as an answer: it is asked again in a moment. All else stays what it is. */
export function toAnswerable(error: unknown): unknown {
	return error instanceof StoreError && isPassing(error)
		? new GatewayError(
				"busy",
				"The database does not answer at present. Try again in a moment.",
				{ cause: error },
			)
		: error;
}
