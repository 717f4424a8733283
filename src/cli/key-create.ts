/** `tollway key create` and `rotate`: the two commands that show a key. */
import { z } from "zod";
import { AskError } from "./ask-error.ts";
import type { Given } from "./command-options.ts";
import { toMadeText } from "./key-made-text.ts";
import type { ManagementApi } from "./management-api.ts";
import { askOfKey, toAskedName } from "./name-key.ts";
import { print } from "./print.ts";
import { toSafeJson } from "./safe-json.ts";
import { escapeControls } from "./safe-text.ts";
import { toPlainPaint } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { withApi } from "./with-api.ts";
import type { World } from "./world.ts";

/** What the API calls what the flags say. */
const fields = {
	alias: "key_alias",
	user: "user_id",
	team: "team_id",
	models: "models",
	budget: "max_budget",
	every: "budget_duration",
	rpm: "rpm_limit",
	tpm: "tpm_limit",
	parallel: "max_parallel_requests",
	expires: "duration",
	tags: "tags",
} as const satisfies Partial<Record<keyof Given, string>>;

const toBody = (given: Given): object =>
	Object.fromEntries(
		Object.entries(fields).flatMap(([flag, field]) => {
			const value = given[flag as keyof typeof fields];
			return value === undefined ? [] : [[field, value]];
		}),
	);

/** The API's sentences begin with the field that is wrong; here it was a flag. */
function toFlagged(error: unknown): unknown {
	if (!(error instanceof AskError) || error.status !== 400) return error;
	const [, field] = /^(\w+): /.exec(error.message) ?? [];
	const [flag] =
		Object.entries(fields).find(([, name]) => name === field) ?? [];
	return flag === undefined
		? error
		: new AskError(error.message.replace(/^\w+/, `--${flag}`), error.status);
}

/** Resolves with the exit code. */
export async function createKey(world: World, given: Given): Promise<number> {
	if (given.every !== undefined && given.budget === undefined) {
		throw new UsageError(
			"--every says when a budget begins anew, and there is no --budget",
		);
	}
	return withApi(
		{ world, given },
		async (api) => {
			const body = toBody(given);
			const question = { method: "POST", path: "/key/generate", body } as const;
			const answer = await api.ask(question).catch((error) => {
				throw toFlagged(error);
			});
			await show(answer, { world, given, api });
		},
		{ makesDatabase: true },
	);
}

/** Resolves with the exit code. */
export const rotateKey = (world: World, given: Given): Promise<number> =>
	withApi({ world, given }, async (api) => {
		const { argument: name = "", grace } = given;
		const key = await toAskedName(name, api);
		const body = { key, ...(grace !== undefined && { grace_period: grace }) };
		const answer = await askOfKey(name, () =>
			api.ask({ method: "POST", path: "/key/regenerate", body }),
		);
		await show(answer, { world, given, api });
	});

const made = z.looseObject({ key: z.string().min(1) });

/** In a pipe nothing but the key, on a line. */
async function show(
	answer: unknown,
	shown: {
		readonly world: World;
		readonly given: Given;
		readonly api: ManagementApi;
	},
): Promise<void> {
	const { world, given, api } = shown;
	const { stdout } = world;
	if (given.json) return print(stdout, `${toSafeJson(answer)}\n`);
	const read = made.safeParse(answer);
	if (!read.success) {
		throw new AskError(
			"The gateway made a key, but its answer cannot be read; is it of another version than this command? `tollway key list` shows what it made.",
		);
	}
	const key = escapeControls(read.data.key);
	if (!stdout.isTty) return print(stdout, `${key}\n`);
	const paint = toPlainPaint(world, stdout);
	await print(stdout, toMadeText({ key, answer, api, given }, world, paint));
}
