import { GatewayError } from "../domain/error.ts";
import type { StoreError } from "../store/engine.ts";

/** For a call that was not begun. */
export const ledgerDown = (cause: StoreError): GatewayError =>
	new GatewayError(
		"ledger_down",
		"Tollway cannot write to its ledger at the moment, so it takes no call that costs money. Nothing is wrong with your request; try again in a moment, or tell the operator.",
		{ cause },
	);

/** For a call that has run, and of which no reply may go out. */
export const notRecorded = (cause: unknown): GatewayError =>
	new GatewayError(
		"ledger_down",
		"Upstream has answered, but Tollway could not write the call to its ledger, and hands out no reply that it has not recorded. Tell the operator; the call has been saved in Tollway's log.",
		{ cause },
	);
