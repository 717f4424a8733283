/** `tollway key block`, `unblock` and `revoke` */
import { AskError } from "./ask-error.ts";
import type { Given } from "./command-options.ts";
import { readInfo } from "./key-info.ts";
import { readKeyRow, toMoney, toTitle } from "./key-row.ts";
import { askOfKey, toAskedName } from "./name-key.ts";
import { print } from "./print.ts";
import { toSafeJson } from "./safe-json.ts";
import { withApi } from "./with-api.ts";
import type { World } from "./world.ts";

const setBlocked =
	(path: string, what: string) =>
	(world: World, given: Given): Promise<number> =>
		withApi({ world, given }, async (api) => {
			const name = given.argument ?? "";
			const key = await toAskedName(name, api);
			const row = await askOfKey(name, () =>
				api.ask({ method: "POST", path, body: { key } }),
			);
			const text = given.json
				? toSafeJson(row)
				: `${toTitle(readKeyRow(row))} ${what}`;
			await print(world.stdout, `${text}\n`);
		});

/** Each resolves with the exit code. */
export const blockKey = setBlocked("/key/block", "is blocked.");
export const unblockKey = setBlocked(
	"/key/unblock",
	"is not blocked any more.",
);

/** Asks first, where somebody is there to ask. */
export const revokeKey = (world: World, given: Given): Promise<number> =>
	withApi({ world, given }, async (api) => {
		const name = given.argument ?? "";
		const { key, info } = await readInfo(name, api);
		const row = readKeyRow(info);
		if (!given.yes) {
			const answer = await world.ask(
				`Revoke ${toTitle(row)}, which has spent ${toMoney(row.spend)}? It stops working at once, for good. [y/N] `,
			);
			if (answer !== null && !/^y(es)?$/i.test(answer.trim())) {
				throw new AskError("Nothing was revoked.");
			}
		}
		const answer = await askOfKey(name, () =>
			api.ask({ method: "POST", path: "/key/delete", body: { keys: [key] } }),
		);
		const text = given.json
			? toSafeJson(answer)
			: `${toTitle(row)} is revoked.`;
		await print(world.stdout, `${text}\n`);
	});
