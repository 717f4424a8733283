/** Why a question to the gateway had no answer: a sentence for whoever typed the command, without keys. */
export class AskError extends Error {
	/** Of the gateway's refusal; null: it was not asked. */
	readonly status: number | null;

	constructor(message: string, status: number | null = null) {
		super(message);
		this.status = status;
	}
}
