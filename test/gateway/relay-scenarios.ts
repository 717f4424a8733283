/** Calls that must cross the gateway byte for byte, both ways. */
import { randomBytes } from "node:crypto";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";

export const message = JSON.stringify({
	model: "claude-sonnet-5-5",
	max_tokens: 64,
	messages: [{ role: "user", content: "Grüße 👋 from a test" }],
});

export interface Scenario {
	readonly name: string;
	readonly method?: string;
	readonly path: string;
	readonly headers?: Record<string, string>;
	readonly body?: string | Uint8Array<ArrayBuffer>;
	readonly script?: object;
	readonly status: number;
	/** Path and query that must reach upstream; the client's own by default. */
	readonly upstream?: string;
	/** The body that must reach upstream; the client's own by default. */
	readonly received?: string | Uint8Array;
}

const multipart = [
	"--edge-42",
	'content-disposition: form-data; name="file"; filename="a.bin"',
	"content-type: application/octet-stream",
	"",
	"\u0000\u0001 not text \r\n",
	"--edge-42--",
	"",
].join("\r\n");

export const scenarios: readonly Scenario[] = [
	{
		name: "a message",
		path: "/anthropic/v1/messages",
		body: message,
		status: 200,
	},
	{ name: "at the root", path: "/v1/messages", body: message, status: 200 },
	{
		name: "a query",
		path: "/anthropic/v1/messages?beta=true&a[]=1&a[]=%2F",
		body: message,
		status: 200,
		upstream: "/v1/messages?beta=true&a[]=1&a[]=%2F",
	},
	{
		name: "base URL without /v1",
		path: "/anthropic/messages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "base URL with /v1",
		path: "/anthropic/v1/v1/messages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "base URL with /v1 at the root",
		path: "/v1/v1/messages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "an escaped letter",
		path: "/anthropic/v1/m%65ssages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "a stream",
		path: "/anthropic/v1/messages",
		body: message.replace("{", '{"stream":true,'),
		status: 200,
	},
	{
		name: "a stream in single bytes",
		path: "/anthropic/v1/messages",
		body: message.replace("{", '{"stream":true,'),
		script: {
			split: { bytes: 1 },
			line_end: "crlf",
			bom: true,
			comments: true,
		},
		status: 200,
	},
	{
		name: "count_tokens",
		path: "/anthropic/v1/messages/count_tokens",
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			messages: [{ role: "user", content: "hi" }],
		}),
		status: 200,
	},
	{
		name: "chat completions",
		path: "/v1/chat/completions",
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			user: "u-1",
			messages: [{ role: "user", content: "hi" }],
		}),
		status: 200,
	},
	{
		name: "models",
		method: "GET",
		path: "/anthropic/v1/models?limit=2",
		status: 200,
	},
	{
		name: "models, compressed",
		method: "GET",
		path: "/anthropic/v1/models",
		headers: { "accept-encoding": "gzip" },
		status: 200,
	},
	{ name: "HEAD", method: "HEAD", path: "/anthropic/v1/tomorrow", status: 404 },
	{
		name: "an unknown path",
		path: "/anthropic/v2/tomorrow/x",
		body: "any bytes \u0000",
		status: 404,
	},
	{
		name: "an unknown path, PUT",
		method: "PUT",
		path: "/anthropic/v1/tomorrow",
		body: "{}",
		status: 404,
	},
	{
		name: "PATCH",
		method: "PATCH",
		path: "/v1/tomorrow",
		body: "{}",
		status: 404,
	},
	{
		name: "multipart",
		path: "/anthropic/v1/files",
		headers: { "content-type": "multipart/form-data; boundary=edge-42" },
		body: multipart,
		status: 200,
	},
	{
		name: "a body of 3 MB",
		path: "/anthropic/v1/messages",
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 5,
			messages: [{ role: "user", content: "a".repeat(3_000_000) }],
		}),
		status: 200,
	},
	{
		name: "an upload of 3 MB",
		path: "/anthropic/v1/tomorrow",
		body: new Uint8Array(randomBytes(3_000_000)),
		script: { sink: true },
		status: 200,
	},
	{
		name: "gzip",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "gzip" },
		body: new Uint8Array(gzipSync(message)),
		status: 200,
	},
	{
		name: "br",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "br" },
		body: new Uint8Array(brotliCompressSync(message)),
		status: 200,
	},
	{
		name: "zstd",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "zstd" },
		body: new Uint8Array(zstdCompressSync(message)),
		status: 200,
	},
	{
		name: "members that are ours",
		path: "/anthropic/v1/messages",
		body: message.replace(
			"{",
			'{"litellm_metadata":{"tags":["a"],"user":"u"}, ',
		),
		status: 200,
		received: message.replace("{", "{ "),
	},
	{
		name: "members that are ours, compressed",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "gzip" },
		body: new Uint8Array(
			gzipSync(message.replace("}]}", '}],"litellm_metadata":{"tags":["a"]}}')),
		),
		status: 200,
		received: message,
	},
	{
		name: "an upstream error",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 429 } },
		status: 429,
	},
	{
		name: "529",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 529 } },
		status: 529,
	},
	{
		name: "an HTML error",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 413, form: "html" } },
		status: 413,
	},
	{
		name: "an empty error",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 500, form: "empty" } },
		status: 500,
	},
	{
		name: "a redirect stays one",
		path: "/anthropic/v1/messages",
		body: message,
		script: {
			redirect: { status: 307, location: "https://elsewhere.example/" },
		},
		status: 307,
	},
	{
		name: "an error event inside a stream",
		path: "/anthropic/v1/messages",
		body: message.replace("{", '{"stream":true,'),
		script: { error_event: { after_events: 3 } },
		status: 200,
	},
	{
		name: "binary",
		method: "GET",
		path: "/anthropic/v1/tomorrow",
		script: { big_bytes: 2_000_000 },
		status: 200,
	},
	{
		name: "no content type",
		path: "/anthropic/v1/messages",
		body: message,
		script: { no_content_type: true },
		status: 200,
	},
	{
		name: "a reply without length",
		path: "/anthropic/v1/messages",
		body: message,
		script: { no_length: true },
		status: 200,
	},
];
