import { expect, test } from "bun:test";
import { toRouteGrant } from "../../src/domain/allowed-routes.ts";
import { toRoute } from "../../src/gateway/families.ts";

const rows: [allowed: string[], path: string, grant: string][] = [
	[[], "/v1/messages", "everything"],
	[["llm_api_routes"], "/anthropic/v1/messages", "everything"],
	[["anthropic_routes"], "/v1/files", "everything"],
	[["openai_routes"], "/v1/chat/completions", "everything"],
	[["openai_routes"], "/v1/messages", "nothing"],
	[["management_routes"], "/v1/messages", "nothing"],
	[["info_routes"], "/v1/messages", "nothing"],
	[["/v1/messages"], "/v1/messages", "by name"],
	[["/v1/messages"], "/anthropic/v1/messages", "by name"],
	[["/anthropic/v1/messages"], "/anthropic/v1/messages", "by name"],
	[["/anthropic/v1/messages"], "/v1/messages", "nothing"],
	[["/v1/messages"], "/v1/messages/count_tokens", "by name"],
	[["/v1/messages"], "/v1/messages2", "nothing"],
	[["/v1/mess"], "/v1/messages", "nothing"],
	[["/anthropic/*"], "/anthropic/v1/files", "by name"],
	[["/v1/*"], "/anthropic/v1/files", "by name"],
	[["/v1/files/*"], "/v1/files", "nothing"],
	[["*"], "/v1/messages", "nothing"],
	[["/v1/models", "/v1/files"], "/v1/files/file_1", "by name"],
];

test.each(rows)("%j and %s: %s", (allowed, path, grant) => {
	expect(toRouteGrant(allowed, toRoute(path))).toBe(grant as "nothing");
});
