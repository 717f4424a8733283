/** What people have in their notes and scripts for LiteLLM runs as it stands, host and port included. */
import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { upstreamKey } from "../rig.ts";
import { canRunPage, pagePort, runCommand } from "./run-page-command.ts";
import {
	metadataCommand,
	metadataRequest,
	type PageRequest,
	pageKeys,
	pageRequests,
	pageVariables,
} from "./seed-page.ts";

const runnable = await canRunPage();

/** What curl sends of it. */
function toBody(command: string): string {
	return /--data (?:\\\n)?'(.*)'$/s.exec(command)?.[1] ?? "";
}

const shapes: Readonly<Record<string, object>> = {
	"/v1/messages": { type: "message", model: "claude-3-5-sonnet-20241022" },
	"/v1/messages/count_tokens": { input_tokens: expect.any(Number) },
	"/v1/messages/batches": {
		type: "message_batch",
		processing_status: "in_progress",
		request_counts: expect.objectContaining({ processing: 2 }),
	},
};

/** In front of the simulator at the page's own port, for the tests of one block. */
function useRig(env: Readonly<Record<string, string>>) {
	let rig: LedgerRig | undefined;
	beforeAll(async () => {
		if (!runnable) return;
		rig = await openLedgerRig({
			env: { ...pageVariables, ...env, PORT: String(pagePort) },
		});
	});
	afterAll(() => rig?.stop());
	beforeEach(() => rig?.simulator.record.clear());
	const running = () => {
		if (!rig) throw new Error("the gateway does not run");
		return rig;
	};
	const received = () => running().simulator.record.all();
	return { running, received };
}

type Received = ReturnType<typeof useRig>["received"];

async function expectAnswered(
	request: PageRequest,
	received: Received,
	key?: string,
) {
	const { status, reply } = await runCommand(request.command, key);
	expect(reply).toMatchObject(shapes[request.path] ?? {});
	expect(status).toBe(200);
	const [exchange, ...more] = received();
	expect(more).toEqual([]);
	expect(exchange?.received.method).toBe("POST");
	expect(exchange?.received.target).toBe(request.path);
	const { bytes } = exchange?.received.body ?? { bytes: new Uint8Array() };
	expect(new TextDecoder().decode(bytes)).toBe(toBody(request.command));
	const headers = exchange?.received.rawHeaders ?? [];
	expect(headers).toContain(upstreamKey);
	// Three of the commands leave the version out, and upstream wants one.
	expect(headers).toContain("2023-06-01");
	expect(headers.join("\n")).not.toMatch(/authorization/i);
	for (const own of Object.values(pageKeys)) {
		expect(headers.join("\n")).not.toContain(own);
	}
}

describe.skipIf(!runnable)("open mode", () => {
	const { received } = useRig({});

	test.each(pageRequests)("$title", (request) =>
		expectAnswered(request, received, pageKeys.environment),
	);

	test.each(pageRequests.filter(({ key }) => key === "environment"))(
		"$title, its variable not set",
		(request) => expectAnswered(request, received),
	);

	test("litellm_metadata as the page has it: the comment is no JSON, and the answer says so", async () => {
		const { status, reply } = await runCommand(metadataRequest.command);
		expect(status).toBe(400);
		expect(reply).toMatchObject({
			type: "error",
			error: {
				type: "invalid_request_error",
				message: expect.stringContaining("not valid JSON"),
			},
		});
		expect(received()).toEqual([]);
	});

	test("litellm_metadata without the comment: it stays here, all else crosses", async () => {
		const { status, reply } = await runCommand(metadataCommand);
		expect(reply).toMatchObject(shapes[metadataRequest.path] ?? {});
		expect(status).toBe(200);
		const { bytes } = received()[0]?.received.body ?? {};
		expect(new TextDecoder().decode(bytes)).toBe(
			toBody(metadataCommand).replace(
				/,\s*"litellm_metadata".*\}(?=\s*\}$)/s,
				"",
			),
		);
	});
});

describe.skipIf(!runnable)("litellm_metadata", () => {
	const { running } = useRig({});

	test("tags and end user are on the ledger within a second", async () => {
		const { callId } = await runCommand(metadataCommand);
		const answeredMs = performance.now();
		const entry = await running().entryOf(callId);
		expect(performance.now() - answeredMs).toBeLessThan(1_000);
		expect(entry).toMatchObject({
			tags: ["test-tag-1", "test-tag-2"],
			endUser: "test-user",
			state: "exact",
			requestedModel: "claude-3-5-sonnet-20241022",
		});
		expect(entry.cost).toBeGreaterThan(0n);
		const sums = await running().read(
			"SELECT dimension, id, calls, cost FROM @rollups WHERE dimension IN ('tag', 'customer') ORDER BY 1, 2",
		);
		const cost = Number(entry.cost);
		expect(sums).toEqual([
			["customer", "test-user", 1, cost],
			["tag", "test-tag-1", 1, cost],
			["tag", "test-tag-2", 1, cost],
		]);
	});
});

// One gateway per key that a command carries: before there are virtual keys, a caller's key is the master key.
describe.each(["anything", "environment", "virtual"] as const)(
	"master key %s",
	(name) => {
		const key = pageKeys[name];
		const { received } = useRig({ LITELLM_MASTER_KEY: key });

		test
			.skipIf(!runnable)
			.each(pageRequests.filter((request) => request.key === name))(
			"$title",
			(request) => expectAnswered(request, received, key),
		);

		test
			.skipIf(!runnable)
			.each(pageRequests.filter((request) => request.key !== name))(
			"$title, with another key",
			async ({ command }) => {
				const { status, reply } = await runCommand(command, "sk-other");
				expect(status).toBe(401);
				expect(reply).toMatchObject({
					error: { type: "authentication_error" },
				});
				expect(received()).toEqual([]);
			},
		);
	},
);

describe.skipIf(!runnable)("the page's empty ANTHROPIC_API_KEY", () => {
	const { received } = useRig({ ANTHROPIC_API_KEY: "" });

	test("the answer names what is missing", async () => {
		const [request] = pageRequests;
		const { status, reply } = await runCommand(request?.command ?? "");
		expect(status).toBe(401);
		expect(JSON.stringify(reply)).toContain("ANTHROPIC_API_KEY");
		expect(received()).toEqual([]);
	});
});
