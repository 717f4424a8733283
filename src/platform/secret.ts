import { randomBytes } from "node:crypto";

const secretBytes = 32;

/** 256 random bits, as text of letters, digits, `-` and `_`. */
export const newSecret = (): string =>
	randomBytes(secretBytes).toString("base64url");
