/** The kinds of value a setting can have: each a zod type from the variable's text to a typed value. */
import { isIP } from "node:net";
import { z } from "zod";

/** `fail()` says the kind's own "expected …"; `fail(why)` says something better. Neither may quote a secret. */
type Fail = (why?: string) => undefined;

export function kind<T>(
	expected: string,
	read: (text: string, fail: Fail) => T | undefined,
) {
	return z.string().transform((text, context): T => {
		let why = `expected ${expected}`;
		const value = read(text, (better) => {
			if (better !== undefined) why = better;
			return undefined;
		});
		if (value !== undefined) return value;
		context.addIssue({ code: "custom", message: why });
		return z.NEVER;
	});
}

export const flag = kind("true or false", (text) => {
	const word = text.toLowerCase();
	if (["true", "1", "yes", "on"].includes(word)) return true;
	return ["false", "0", "no", "off"].includes(word) ? false : undefined;
});

/** Set at all means yes (no-color.org), whatever the value. */
export const presence = kind("anything", () => true);

/** `FORCE_COLOR=0` and `=false` switch colour off, anything else on. */
export const forced = kind(
	"anything",
	(text) => !["0", "false"].includes(text.toLowerCase()),
);

export const port = kind(
	"a whole number from 0 to 65535 (0 = any free port)",
	(text) => {
		const number = /^\d{1,5}$/.test(text) ? Number(text) : -1;
		return number >= 0 && number <= 65535 ? number : undefined;
	},
);

const hostName =
	/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$/;

function toHost(text: string): string | undefined {
	const bare = text.replace(/^\[(.*)\]$/, "$1").toLowerCase();
	if (isIP(bare) !== 0) return bare;
	// 127.1 and 300.1.1.1 look like names but are broken addresses.
	return hostName.test(bare) && !/^[\d.]+$/.test(bare) ? bare : undefined;
}

export const host = kind(
	"an IP address or a host name, without scheme or port",
	toHost,
);

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** A day; beyond 24.8 days a timer of the runtime would fire at once. */
const durationMaxMs = 86_400_000;

/** Milliseconds. */
export const duration = kind(
	"a time such as 30, 30s, 10m or 1h, at most 24h",
	(text) => {
		const match = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h)?$/i.exec(text);
		if (!match) return undefined;
		const unit = (match[2] ?? "s").toLowerCase() as keyof typeof unitMs;
		const milliseconds = Math.round(Number(match[1]) * unitMs[unit]);
		return milliseconds <= durationMaxMs ? milliseconds : undefined;
	},
);

const unitBytes = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } as const;
const sizeMinBytes = 2 ** 10;
const sizeMaxBytes = 2 ** 36;

/** Bytes; 1 MB = 1,048,576. */
export const size = kind(
	"a size such as 512KB, 32MB, 1GB or a number of bytes, from 1KB to 64GB",
	(text) => {
		const match = /^(\d{1,12}(?:\.\d{1,3})?) ?(?:([kmg])i?b?|b)?$/i.exec(text);
		if (!match) return undefined;
		const unit = match[2]?.toLowerCase() as keyof typeof unitBytes | undefined;
		const bytes = Math.round(Number(match[1]) * (unit ? unitBytes[unit] : 1));
		return bytes >= sizeMinBytes && bytes <= sizeMaxBytes ? bytes : undefined;
	},
);

/** Keys travel in headers: visible ASCII only (RFC 9110, 5.5). */
export const key = kind("a key", (text, fail) =>
	/^[\x21-\x7e]+$/.test(text)
		? text
		: fail(
				"it holds a space, a line break or another character that cannot travel in a header",
			),
);

/** As a label of a call, which travels in a header. */
export const label = kind(
	"a name of up to 128 letters, digits, - and _",
	(text, fail) => (/^[\w-]{1,128}$/.test(text) ? text : fail()),
);

export const masterKey = key.superRefine((value, context) => {
	if (!value.startsWith("sk-ant-")) return;
	context.addIssue({
		code: "custom",
		message:
			"it is an Anthropic key (sk-ant-…), which belongs in TOLLWAY_UPSTREAM_KEY; a master key is a secret of your own",
	});
});

function toBaseUrl(text: string, fail: Fail): string | undefined {
	if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return fail();
	const url = new URL(text);
	if (url.username !== "" || url.password !== "") {
		return fail("it must not hold a user name or password");
	}
	if (/[?#]/.test(text)) return fail("it must not hold a query or fragment");
	return url.origin + url.pathname.replace(/\/+$/, "");
}

/** No trailing slash. */
export const baseUrl = kind(
	"a URL that starts with http:// or https://",
	toBaseUrl,
);

/** No trailing slash, `/v1` or `/v1/messages`: clients' settings name either. */
export const upstreamUrl = kind(
	"a URL that starts with http:// or https://",
	(text, fail) => toBaseUrl(text, fail)?.replace(/\/v1(\/messages)?$/, ""),
);

/** The same without the mounts that clients' base URLs end with. */
export const gatewayUrl = kind(
	"a URL that starts with http:// or https://",
	(text, fail) => toBaseUrl(text, fail)?.replace(/(\/anthropic)?(\/v1)?$/, ""),
);

/** `""` or `/prefix`, no trailing slash. */
export const rootPath = kind("a path such as /gateway", (text) => {
	const path = `/${text.replace(/^\/+|\/+$/g, "")}`;
	if (path === "/") return "";
	const clean = path
		.slice(1)
		.split("/")
		.every((part) => /^[\w.~-]+$/.test(part) && !/^\.\.?$/.test(part));
	return clean ? path : undefined;
});

export const path = kind("a path", (text) =>
	text.includes("\0") ? undefined : text,
);

function list<T>(expected: string, read: (item: string) => T | undefined) {
	return kind(expected, (text, fail): readonly T[] | undefined => {
		const items: T[] = [];
		for (const item of text.split(/[\s,]+/).filter((part) => part !== "")) {
			const value = read(item);
			if (value === undefined) return fail();
			items.push(value);
		}
		return items;
	});
}

export const hosts = list(
	"host names separated by commas, without scheme or port",
	toHost,
);

export const origins = list(
	"origins such as https://app.example.com, separated by commas",
	(item) => {
		if (!/^https?:\/\//i.test(item) || !URL.canParse(item)) return undefined;
		const { origin } = new URL(item);
		return item.replace(/\/$/, "").toLowerCase() === origin
			? origin
			: undefined;
	},
);

function toNetwork(item: string): string | undefined {
	const [address = "", prefix, ...rest] = item.split("/");
	const version = isIP(address);
	if (version === 0 || rest.length > 0) return undefined;
	if (prefix === undefined) return address;
	const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 999;
	return bits <= (version === 4 ? 32 : 128) ? `${address}/${bits}` : undefined;
}

export const networks = list(
	"IP addresses or ranges such as 10.0.0.0/8, separated by commas",
	toNetwork,
);

const levels = {
	debug: "debug",
	trace: "debug",
	verbose: "debug",
	info: "info",
	notice: "info",
	warning: "warning",
	warn: "warning",
	error: "error",
	critical: "error",
	fatal: "error",
} as const;
export type LogLevel = (typeof levels)[keyof typeof levels];

export const logLevel = kind(
	"debug, info, warning or error",
	(text): LogLevel | undefined =>
		Object.hasOwn(levels, text.toLowerCase())
			? levels[text.toLowerCase() as keyof typeof levels]
			: undefined,
);

export type LogFormat = "auto" | "pretty" | "json";
/** `JSON_LOGS=true` is LiteLLM's way to say json. */
const formats: Readonly<Record<string, LogFormat>> = {
	auto: "auto",
	pretty: "pretty",
	json: "json",
	true: "json",
	"1": "json",
	false: "auto",
	"0": "auto",
};

export const logFormat = kind("auto, pretty or json", (text) =>
	Object.hasOwn(formats, text.toLowerCase())
		? formats[text.toLowerCase()]
		: undefined,
);
