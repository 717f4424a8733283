/**
 * The requests that the documentation of LiteLLM's Anthropic pass-through tells its readers to send to the proxy, as they
 * stand there: this is what people have in their notes and scripts. The one that makes a key stands by itself.
 */

export interface PageRequest {
	readonly title: string;
	readonly command: string;
	/** The key that the command carries. */
	readonly key: "anything" | "environment" | "virtual";
	/** Path on the upstream. */
	readonly path: string;
}

/** What the page exports before it starts the proxy; empty there too. */
export const pageVariables = {
	DATABASE_URL: "",
	LITELLM_MASTER_KEY: "",
	COHERE_API_KEY: "",
};

/** As the commands spell them; `environment` is `$LITELLM_API_KEY`, which the page leaves to its reader. */
export const pageKeys = {
	anything: "sk-anything",
	environment: "sk-litellm-key-of-the-reader-0123456789",
	virtual: "sk-1234ewknldferwedojwojw",
};

export const pageRequests: readonly PageRequest[] = [
	{
		title: "Example Usage",
		key: "anything",
		path: "/v1/messages",
		command: String.raw`curl --request POST \
--url http://0.0.0.0:4000/anthropic/v1/messages \
--header 'accept: application/json' \
--header 'content-type: application/json' \
--header "Authorization: bearer sk-anything" \
--data '{
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hello, world"}
]
}'`,
	},
	{
		title: "Quick Start",
		key: "environment",
		path: "/v1/messages",
		command: String.raw`curl http://0.0.0.0:4000/anthropic/v1/messages \
--header "x-api-key: $LITELLM_API_KEY" \
--header "anthropic-version: 2023-06-01" \
--header "content-type: application/json" \
--data \
'{
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hello, world"}
]
}'`,
	},
	{
		title: "Example 1: Messages endpoint",
		key: "environment",
		path: "/v1/messages",
		command: String.raw`curl --request POST \
--url http://0.0.0.0:4000/anthropic/v1/messages \
--header "x-api-key: $LITELLM_API_KEY" \
--header "anthropic-version: 2023-06-01" \
--header "content-type: application/json" \
--data '{
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hello, world"}
]
}'`,
	},
	{
		title: "Example 2: Token Counting API",
		key: "environment",
		path: "/v1/messages/count_tokens",
		command: String.raw`curl --request POST \
--url http://0.0.0.0:4000/anthropic/v1/messages/count_tokens \
--header "x-api-key: $LITELLM_API_KEY" \
--header "anthropic-version: 2023-06-01" \
--header "anthropic-beta: token-counting-2024-11-01" \
--header "content-type: application/json" \
--data \
'{
"model": "claude-3-5-sonnet-20241022",
"messages": [
{"role": "user", "content": "Hello, world"}
]
}'`,
	},
	{
		title: "Example 3: Batch Messages",
		key: "environment",
		path: "/v1/messages/batches",
		command: String.raw`curl --request POST \
--url http://0.0.0.0:4000/anthropic/v1/messages/batches \
--header "x-api-key: $LITELLM_API_KEY" \
--header "anthropic-version: 2023-06-01" \
--header "anthropic-beta: message-batches-2024-09-24" \
--header "content-type: application/json" \
--data \
'{
"requests": [
{
"custom_id": "my-first-request",
"params": {
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hello, world"}
]
}
},
{
"custom_id": "my-second-request",
"params": {
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hi again, friend"}
]
}
}
]
}'`,
	},
	{
		title: "Use with Virtual Keys",
		key: "virtual",
		path: "/v1/messages",
		command: String.raw`curl --request POST \
--url http://0.0.0.0:4000/anthropic/v1/messages \
--header 'accept: application/json' \
--header 'content-type: application/json' \
--header "Authorization: bearer sk-1234ewknldferwedojwojw" \
--data '{
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hello, world"}
]
}'`,
	},
];

/** What makes a virtual key. */
export const keyCommand = String.raw`curl -X POST 'http://0.0.0.0:4000/key/generate' \
-H 'Authorization: Bearer sk-1234' \
-H 'Content-Type: application/json' \
-d '{}'`;

/** The last command of the page. As it stands its body is no JSON, because of the comment in it. */
export const metadataRequest: PageRequest = {
	title: "Send litellm_metadata",
	key: "anything",
	path: "/v1/messages",
	command: String.raw`curl --request POST \
--url http://0.0.0.0:4000/anthropic/v1/messages \
--header 'accept: application/json' \
--header 'content-type: application/json' \
--header "Authorization: bearer sk-anything" \
--data '{
"model": "claude-3-5-sonnet-20241022",
"max_tokens": 1024,
"messages": [
{"role": "user", "content": "Hello, world"}
],
"litellm_metadata": {
"tags": ["test-tag-1", "test-tag-2"],
"user": "test-user" # track end-user/customer cost
}
}'`,
};

/** Without the comment. */
export const metadataCommand = metadataRequest.command.replace(
	/ # track.*/,
	"",
);
