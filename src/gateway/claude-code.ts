/** What Claude Code puts into `metadata.user_id`: not a person but an installation, an account and a session, in one text. */

export interface ClaudeCodeId {
	/** The hash of the older form is the device of the newer: both are the installation's random id. */
	readonly deviceId: unknown;
	/** Empty with an API key. */
	readonly accountId: unknown;
	readonly sessionId: unknown;
}

/** Up to 2.0: `user_<64 hex>_account_<uuid or empty>_session_<uuid>`. */
const olderForm =
	/^user_([0-9a-f]+)_account_([0-9a-f-]*)_session_([0-9a-f-]+)$/;

/**
 * Takes apart the text of either form; null for anything else, which is then the id of whoever chose it. Since 2.1 it is
 * the text of a JSON object with `device_id`, `account_uuid` and `session_id`, to which users may add members. The parts
 * are as they were sent: judge them before use.
 */
export function toClaudeCodeId(userId: unknown): ClaudeCodeId | null {
	if (typeof userId !== "string") return null;
	if (userId.startsWith("{")) return toNewerForm(userId);
	const [, deviceId, accountId, sessionId] = olderForm.exec(userId) ?? [];
	return deviceId === undefined ? null : { deviceId, accountId, sessionId };
}

function toNewerForm(text: string): ClaudeCodeId | null {
	let parts: Record<string, unknown>;
	try {
		parts = JSON.parse(text);
	} catch {
		// An id may begin with a brace and be no JSON.
		return null;
	}
	const { device_id: deviceId, session_id: sessionId } = parts;
	if (typeof deviceId !== "string" && typeof sessionId !== "string") {
		return null;
	}
	return { deviceId, accountId: parts.account_uuid, sessionId };
}
