import type { RequestHeaders } from "../platform/contract.ts";

/**
 * How user agents begin: `claude-cli/2.1.330 (external, sdk-cli)`, `Anthropic/JS 1.12.0`, `ai-sdk/anthropic/4.0.105`,
 * `curl/8.5.0`. SDKs put their language, or whose API they are for, before the version.
 */
const form =
	/^([A-Za-z][\w.-]{0,31})\/(?:([A-Za-z][\w.+-]{0,31})[ /])?(v?\d[\w.+-]{0,31})/;

/** What Claude Code calls itself when it talks to a model; elsewhere it says `claude-code`. */
const claudeCode = "claude-cli";

/** A language or a version in an SDK's own headers. */
const word = /^[\w.+-]{1,32}$/;

/** Which program calls, as `name/version`; null where neither its user agent nor its SDK says. */
export function toClient(
	userAgent: string | null,
	headers: RequestHeaders,
): string | null {
	const parts = userAgent === null ? null : form.exec(userAgent);
	if (parts === null) return toSdk(headers);
	const [, name = "", of, version] = parts;
	if (of !== undefined) {
		// Python's SDKs have a class for each way of waiting.
		const sdk = name.startsWith("Async") ? name.slice(5) : name;
		return `${sdk}-${of}/${version}`;
	}
	if (name === claudeCode) return `claude-code/${version}`;
	return toSdk(headers) ?? `${name}/${version}`;
}

/** Browsers keep their own user agent, and so do programs that set one: there the SDK's other headers tell. */
function toSdk(headers: RequestHeaders): string | null {
	const language = headers["x-stainless-lang"];
	const version = headers["x-stainless-package-version"];
	if (language === undefined || version === undefined) return null;
	if (!word.test(language) || !word.test(version)) return null;
	return `sdk-${language}/${version}`;
}
