import type { IncomingHttpHeaders } from "node:http";
import { readBetas } from "./call.ts";
import { ApiError } from "./errors.ts";
import type { Rules } from "./routes.ts";

const versions = ["2023-06-01", "2026-10-21", "2023-01-01"];

/** Without a list any will do. */
export interface AcceptedKeys {
	readonly acceptedKeys?: readonly string[] | undefined;
	readonly adminKeys?: readonly string[] | undefined;
}

/** Throws the API's 401, 403 or 400 for a missing or unknown credential, version or beta. */
export function checkAccess(
	headers: IncomingHttpHeaders,
	rules: Rules,
	{ acceptedKeys, adminKeys }: AcceptedKeys,
): void {
	if (rules.access === "key") checkCredential(headers, acceptedKeys);
	if (rules.access === "admin") checkAdmin(headers, adminKeys);
	if (rules.version) {
		checkVersion(headers["anthropic-version"]);
		checkBetas(readBetas(headers));
	}
}

function checkCredential(
	headers: IncomingHttpHeaders,
	acceptedKeys: readonly string[] | undefined,
): void {
	const { credential, isBearer } = readCredential(headers);
	if (acceptedKeys !== undefined && !acceptedKeys.includes(credential)) {
		throw new ApiError(
			"authentication_error",
			isBearer ? "Invalid bearer token" : "invalid x-api-key",
		);
	}
}

/** Keys for calls are known, and may not see the organization's reports. */
function checkAdmin(
	headers: IncomingHttpHeaders,
	adminKeys: readonly string[] | undefined,
): void {
	const { credential, isBearer } = readCredential(headers);
	if (!isBearer && !credential.startsWith("sk-ant-admin")) {
		throw new ApiError("permission_error");
	}
	checkCredential(headers, adminKeys);
}

function readCredential(headers: IncomingHttpHeaders) {
	const apiKey = headers["x-api-key"];
	const bearer = /^bearer\s+(.+)$/i.exec(headers.authorization ?? "")?.[1];
	const credential = apiKey ? String(apiKey) : bearer;
	if (!credential) {
		throw new ApiError("authentication_error", "x-api-key header is required");
	}
	return { credential, isBearer: !apiKey };
}

function checkVersion(version: string | string[] | undefined): void {
	if (version === undefined) {
		throw new ApiError(
			"invalid_request_error",
			"anthropic-version: header is required",
		);
	}
	if (!versions.includes(String(version))) {
		throw new ApiError(
			"invalid_request_error",
			`anthropic-version: "${version}" is not a valid version`,
		);
	}
}

/** Names are dated; new ones come weekly, so everything that looks like one passes. */
function checkBetas(betas: readonly string[]): void {
	const unknown = betas.filter(
		(name) => !/^[a-z0-9-]+-20\d{2}-?\d{2}-?\d{2}$/.test(name),
	);
	if (unknown.length > 0) {
		const values = unknown.map((name) => `\`${name}\``).join(", ");
		throw new ApiError(
			"invalid_request_error",
			`Unexpected value(s) ${values} for the \`anthropic-beta\` header. Please consult our documentation at docs.anthropic.com or try again without the header.`,
		);
	}
}
