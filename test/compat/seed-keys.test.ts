/** The page's way to a virtual key, as it stands there: exports, the request for a key, a call with it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { canRunPage, pagePort, runCommand } from "./run-page-command.ts";
import {
	keyCommand,
	pageKeys,
	pageRequests,
	pageVariables,
} from "./seed-page.ts";

const runnable = await canRunPage();
const masterKey = "sk-1234";

const environments = [
	{
		name: "both empty",
		can: true,
		variables: pageVariables,
		database: false,
	},
	{
		name: "a master key",
		can: true,
		variables: { ...pageVariables, LITELLM_MASTER_KEY: masterKey },
		database: false,
	},
	{
		name: "a database and a master key",
		can: needs.postgres() !== null,
		variables: { ...pageVariables, LITELLM_MASTER_KEY: masterKey },
		database: true,
	},
] as const;

describe.each(environments)("with $name exported", (environment) => {
	const { can, variables, database } = environment;
	describe.skipIf(!runnable || !can)("a virtual key", () => {
		let rig: LedgerRig | undefined;
		let key = "";
		beforeAll(async () => {
			// What the page leaves empty is set in the one case where there is a server.
			const { DATABASE_URL: _, ...others } = variables;
			rig = await openLedgerRig({
				env: { ...(database ? others : variables), PORT: String(pagePort) },
				...(database && { postgres: await sharePostgres() }),
			});
		}, 20_000);
		afterAll(() => rig?.stop());

		test("is made by the page's command", async () => {
			const { status, reply } = await runCommand(keyCommand);
			expect(status).toBe(200);
			key = (reply as { key: string }).key;
			expect(key).toMatch(/^sk-[\w-]{43}$/);
		});

		const command =
			pageRequests.find((one) => one.key === "virtual")?.command ?? "";
		const plain = () => command.replace(pageKeys.virtual, key);
		const inOwnHeader = (text: string) =>
			text.replace(/Authorization: bearer /, "x-api-key: ");
		const streaming = (text: string) =>
			text.replace('"max_tokens"', '"stream": true,\n"max_tokens"');

		test.each([
			["in Authorization", plain],
			["in x-api-key", () => inOwnHeader(plain())],
			["in Authorization, streaming", () => streaming(plain())],
			["in x-api-key, streaming", () => streaming(inOwnHeader(plain()))],
		])("calls with it: %s", async (how, toCommand) => {
			const answer = await runCommand(toCommand());
			const { status, reply, text, callId } = answer;
			expect(status).toBe(200);
			if (how.includes("streaming")) expect(text).toContain("message_stop");
			else expect(reply).toMatchObject({ type: "message" });
			const entry = await rig?.entryOf(callId);
			expect(entry).toMatchObject({ status: 200, state: "exact" });
			expect(entry?.keyId).toMatch(/^[0-9a-f]{64}$/);
		});
	});
});
