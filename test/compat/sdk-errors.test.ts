import { describe, expect, test } from "bun:test";
import type Sdk from "@anthropic-ai/sdk";
import type { Script } from "../../src/simulator/script.ts";
import { sdks } from "./clients.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const tapped = useTappedRig();

const question = {
	model: "claude-sonnet-5-5",
	max_tokens: 200,
	messages: [{ role: "user" as const, content: "Hello, world" }],
};

/** Long enough for the call to be upstream by then, on a busy machine too. */
const clientTimeoutMs = 1_000;

const soon = { "retry-after-ms": "5" };

/** What upstream answers first, and how often the SDK then asks in all. */
const retries: readonly (readonly [name: string, Script, requests: number])[] =
	[
		["429", { error: { status: 429 }, headers: soon }, 2],
		["409", { error: { status: 409 }, headers: soon }, 2],
		["500", { error: { status: 500 }, headers: soon }, 2],
		["529", { error: { status: 529 }, headers: soon }, 2],
		[
			"400 with x-should-retry: true",
			{
				error: { status: 400 },
				headers: { ...soon, "x-should-retry": "true" },
			},
			2,
		],
		["a reset connection", { reset: "before_head" }, 2],
		[
			"429 with x-should-retry: false",
			{ error: { status: 429 }, headers: { "x-should-retry": "false" } },
			1,
		],
		["404", { error: { status: 404 } }, 1],
	];

/** How the calls of a test ended upstream, once they have. */
async function readEndings() {
	const { record } = tapped.rig.simulator;
	await record.waitUntil(() => record.open() === 0);
	return record.all().map(({ end }) => end?.how);
}

describe.each(sdks)("SDK %s", (_, Client) => {
	const openClient = (options: object = {}): Sdk =>
		new Client({
			baseURL: `${tapped.url}/anthropic`,
			apiKey: gatewayKey,
			...options,
		});

	test.each([
		[400, Client.BadRequestError],
		[401, Client.AuthenticationError],
		[402, Client.APIError],
		[403, Client.PermissionDeniedError],
		[404, Client.NotFoundError],
		[409, Client.ConflictError],
		[413, Client.APIError],
		[422, Client.UnprocessableEntityError],
		[429, Client.RateLimitError],
		[500, Client.InternalServerError],
		[529, Client.InternalServerError],
	])(
		"upstream's %i raises its class, in upstream's words",
		async (status, ErrorClass) => {
			const message = `Upstream says ${status}, naïvely`;
			tapped.script({ error: { status, message } });
			const failure = await openClient({ maxRetries: 0 })
				.messages.create(question)
				.catch((error) => error);
			expect(failure).toBeInstanceOf(ErrorClass);
			expect(failure.status).toBe(status);
			expect(failure.error.error.message).toBe(message);
			expect(failure.requestID).toMatch(/^req_(?!tollway_)/);
		},
	);

	test("an error page of the edge in front of upstream", async () => {
		tapped.script({ error: { status: 502, form: "html" } });
		const failure = await openClient({ maxRetries: 0 })
			.messages.create(question)
			.catch((error) => error);
		expect(failure).toBeInstanceOf(Client.InternalServerError);
		expect(failure.message).toContain("cloudflare");
	});

	test.each(retries)("%s first", async (_name, script, requests) => {
		tapped.script(script);
		const outcome = await openClient()
			.messages.create(question)
			.catch((error) => error);
		if (requests === 1) expect(outcome).toBeInstanceOf(Client.APIError);
		else expect(outcome.type).toBe("message");
		const counts = tapped
			.exchanges()
			.map(({ request }) => request.headers.get("x-stainless-retry-count"));
		expect(counts).toEqual(["0", "1"].slice(0, requests));
		expect(tapped.rig.simulator.record.all()).toHaveLength(requests);
	});

	test("an error event in a stream raises", async () => {
		tapped.script({ error_event: { after_events: 4 } });
		const failure = await openClient()
			.messages.stream(question)
			.finalMessage()
			.catch((error) => error);
		expect(failure).toBeInstanceOf(Client.APIError);
		expect(failure.message).toContain("Overloaded");
	});

	test("a stream that upstream breaks off raises", async () => {
		tapped.script({ reset: { after_events: 4 } });
		const stream = openClient().messages.stream(question);
		const failure = await stream.finalMessage().catch((error) => error);
		expect(failure).toBeInstanceOf(Client.AnthropicError);
		expect(await readEndings()).toEqual(["aborted-by-script"]);
	});

	test("a plain call whose client gives up is read to its end all the same: it is paid for", async () => {
		tapped.script({ delay_ms: 2 * clientTimeoutMs + 500 });
		const failure = await openClient({
			timeout: clientTimeoutMs,
			maxRetries: 0,
		})
			.messages.create(question)
			.catch((error) => error);
		expect(failure).toBeInstanceOf(Client.APIConnectionTimeoutError);
		expect(await readEndings()).toEqual(["finished"]);
		await tapped.rig.gateway.waitForLine(
			(line) => line.end === "client_left" && line.status === 200,
		);
	});

	test("an abort in the middle of a stream ends the call upstream", async () => {
		tapped.script({ event_delay_ms: 20, repeat_events: 10_000 });
		const stream = openClient().messages.stream(question);
		stream.once("text", () => stream.abort());
		const failure = await stream.finalMessage().catch((error) => error);
		expect(failure).toBeInstanceOf(Client.APIUserAbortError);
		expect(await readEndings()).toEqual(["client-gone"]);
	});

	test("so does leaving the loop over its events", async () => {
		tapped.script({ event_delay_ms: 20, repeat_events: 10_000 });
		const events = await openClient().messages.create({
			...question,
			stream: true,
		});
		for await (const { type } of events) {
			if (type === "content_block_delta") break;
		}
		expect(await readEndings()).toEqual(["client-gone"]);
	});
});
