/** One tenant who looks for what another has at upstream, where both are the same account (T-07). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig, smallBody } from "../ledger-rig.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-two-tenants-0123456789";

const engines = [
	{ engine: "a file", open: async () => null },
	{
		engine: "PostgreSQL",
		open: async () => (needs.postgres() ? await sharePostgres() : null),
	},
].filter(({ engine }) => engine === "a file" || needs.postgres());

const batchBody = (params: object = {}) => ({
	requests: [{ custom_id: "one", params: { ...smallBody, ...params } }],
});

function toForm(member: string): FormData {
	const form = new FormData();
	form.append(member, new Blob(["a secret of ours"]), "secret/SKILL.md");
	return form;
}

/** How each kind of thing is made, and which calls name one. */
const kinds = [
	{
		path: "/v1/files",
		make: () => toForm("file"),
		below: ["", "/content"],
		unknown: "file_nobodys",
	},
	{
		path: "/v1/skills",
		make: () => toForm("files"),
		below: ["", "/versions", "/versions/1", "/versions/1/content"],
		unknown: "skill_nobodys",
	},
	{
		path: "/v1/messages/batches",
		make: () => JSON.stringify(batchBody()),
		below: ["", "/results", "/cancel"],
		unknown: "msgbatch_nobodys",
	},
	{
		path: "/v1/memory_stores",
		make: () => JSON.stringify({ name: "ours" }),
		below: ["", "/memories", "/memories/mem_1"],
		unknown: "memstore_nobodys",
	},
];

describe.each(engines)("in $engine", ({ open }) => {
	let rig: LedgerRig;
	let url = "";
	const { ask, make } = openCallers(() => url, masterKey);
	let ours: string;
	let teamMate: string;
	let theirs: string;

	beforeAll(async () => {
		rig = await openLedgerRig({
			postgres: await open(),
			env: { TOLLWAY_MASTER_KEY: masterKey, TOLLWAY_BATCH_POLL: "1h" },
		});
		url = rig.url;
		const callers = openCallers(() => url, masterKey);
		await callers.manage("/team/new", { team_id: "ours" });
		ours = (await make({ team_id: "ours" })).key;
		teamMate = (await make({ team_id: "ours", user_id: "mate" })).key;
		theirs = (await make({ allowed_routes: ["/v1/*", "/v1"] })).key;
	});
	afterAll(() => rig.stop());

	const create = async (kind: (typeof kinds)[number], key: string) => {
		const body = kind.make();
		const reply = await fetch(url + kind.path, {
			method: "POST",
			headers: {
				authorization: `Bearer ${key}`,
				...(typeof body === "string" && {
					"content-type": "application/json",
				}),
			},
			body,
		});
		const made = (await reply.json()) as { id: string };
		expect({ status: reply.status, made }).toMatchObject({ status: 200 });
		return made.id;
	};

	const list = async (path: string, key: string, query = "") => {
		const { status, body, text } = await ask(`${path}${query}`, {
			key,
			method: "GET",
		});
		expect(status).toBe(200);
		return { body, text, ids: body.data.map(({ id }: { id: string }) => id) };
	};

	/** An answer without what is new in each. */
	const toShape = (
		{ status, body, headers }: Awaited<ReturnType<typeof ask>>,
		id: string,
	) => ({
		status,
		error: {
			...body.error,
			message: body.error.message.replaceAll(id, "<id>"),
		},
		type: body.type,
		names: [...headers.keys()].sort(),
	});

	test.each(kinds)("$path/… of others is as good as none", async (kind) => {
		const id = await create(kind, ours);
		rig.simulator.record.clear();
		for (const below of kind.below) {
			for (const method of ["GET", "POST", "DELETE", "PATCH"]) {
				const options = { key: theirs, method };
				const foreign = await ask(`${kind.path}/${id}${below}`, options);
				const missing = await ask(
					`${kind.path}/${kind.unknown}${below}`,
					options,
				);
				expect(foreign).toMatchObject({ status: 404 });
				expect(foreign.body.error.type).toBe("not_found_error");
				expect(toShape(foreign, id)).toEqual(toShape(missing, kind.unknown));
			}
		}
		// Upstream was not even asked.
		expect(rig.simulator.record.all()).toHaveLength(0);
		for (const key of [ours, teamMate, masterKey]) {
			const { status } = await ask(`${kind.path}/${id}`, {
				key,
				method: "GET",
			});
			expect(status).toBe(200);
		}
	});

	const listed = kinds.filter(({ path }) => path !== "/v1/memory_stores");

	test.each(listed)("a list of $path has one's own only", async (kind) => {
		const first = await create(kind, theirs);
		const foreign = [];
		for (let at = 0; at < 5; at++) foreign.push(await create(kind, ours));
		const last = await create(kind, theirs);
		const operators = await create(kind, masterKey);
		const seen: string[] = [];
		let query = "?limit=2";
		for (let pages = 0; pages < 5; pages++) {
			const { body, text, ids } = await list(kind.path, theirs, query);
			for (const id of [...foreign, operators]) expect(text).not.toContain(id);
			seen.push(...ids);
			if ("first_id" in body) {
				expect(body.first_id).toBe(ids[0]);
				expect(body.last_id).toBe(ids.at(-1));
			}
			if (!body.has_more && !body.next_page) break;
			// More is said only where there is more of one's own.
			expect(seen.length).toBeLessThan(2);
			query = body.next_page
				? `?limit=2&page=${body.next_page}`
				: `?limit=2&after_id=${body.last_id}`;
		}
		expect(seen.sort()).toEqual([first, last].sort());
		const all = await list(kind.path, masterKey, "?limit=100");
		expect(all.ids).toEqual(
			expect.arrayContaining([...foreign, operators, first, last]),
		);
		const nobody = await make();
		const none = await list(kind.path, nobody.key);
		expect(none.ids).toEqual([]);
		expect(none.body.has_more ?? false).toBe(false);
		expect(none.body.next_page ?? null).toBeNull();
		const cursor = await ask(`${kind.path}?after_id=${foreign[0]}`, {
			key: theirs,
			method: "GET",
		});
		expect(cursor.status).toBe(404);
	});

	test("bytes of what stays in a list are upstream's", async () => {
		const kind = listed[0] as (typeof kinds)[number];
		const { key } = await make();
		const id = await create(kind, key);
		const { body, text } = await list(kind.path, key, "?limit=100");
		const all = await ask(`${kind.path}?limit=100`, {
			key: masterKey,
			method: "GET",
		});
		expect(body.data).toHaveLength(1);
		const one = text.slice(text.indexOf("[") + 1, text.lastIndexOf("]"));
		expect(one).toContain(id);
		expect(all.text).toContain(one);
	});

	const uses = (file: string): [string, object][] => [
		[
			"a document",
			{
				messages: [
					{
						role: "user",
						content: [
							{ type: "document", source: { type: "file", file_id: file } },
						],
					},
				],
			},
		],
		[
			"a file of a tool's result",
			{
				messages: [
					{
						role: "user",
						content: [
							{
								type: "tool_result",
								tool_use_id: "toolu_1",
								content: [
									{ type: "image", source: { type: "file", file_id: file } },
								],
							},
						],
					},
				],
			},
		],
		[
			"an upload into a container",
			{
				messages: [
					{
						role: "user",
						content: [{ type: "container_upload", file_id: file }],
					},
				],
			},
		],
	];

	test("no body reads a file of others", async () => {
		const [kind] = kinds;
		const file = await create(kind as (typeof kinds)[number], ours);
		rig.simulator.record.clear();
		for (const [, part] of uses(file)) {
			const body = { ...smallBody, ...part };
			for (const path of [
				"/v1/messages",
				"/v1/messages/count_tokens",
				"/anthropic/v1/messages",
			]) {
				const foreign = await ask(path, { key: theirs, body });
				expect(foreign.status).toBe(404);
				expect(foreign.body.error.type).toBe("not_found_error");
			}
			const batch = await ask("/v1/messages/batches", {
				key: theirs,
				body: batchBody(part),
			});
			expect(batch.status).toBe(404);
			const streamed = await fetch(`${url}/v1/messages/batches`, {
				method: "POST",
				headers: { authorization: `Bearer ${theirs}` },
				body: new Blob([JSON.stringify(batchBody(part))]).stream(),
			});
			expect(streamed.status).toBe(404);
		}
		const whole = rig.simulator.record
			.all()
			.filter(({ received }) => received.completeAtMs !== null);
		expect(whole).toHaveLength(0);
		for (const [, part] of uses(file)) {
			const body = { ...smallBody, ...part };
			const own = await ask("/v1/messages", { key: teamMate, body });
			expect(own.status).not.toBe(404);
		}
	});

	test("nor a skill, a container or a user profile", async () => {
		const skill = await create(kinds[1] as (typeof kinds)[number], ours);
		const bodies = [
			{ container: "container_of_theirs" },
			{ container: { id: "container_of_theirs" } },
			{
				container: { skills: [{ type: "custom", skill_id: skill }] },
			},
			{
				container: { skills: [{ type: "anthropic", skill_id: skill }] },
			},
		];
		for (const part of bodies) {
			const body = { ...smallBody, ...part };
			const foreign = await ask("/v1/messages", { key: theirs, body });
			expect(foreign.status).toBe(404);
		}
		const profiled = await ask("/v1/messages", {
			key: theirs,
			headers: { "anthropic-user-profile-id": "uprof_1" },
		});
		expect(profiled.status).toBe(404);
		const skills = [{ type: "anthropic", skill_id: "xlsx" }];
		const builtIn = await ask("/v1/messages", {
			key: theirs,
			body: { ...smallBody, container: { skills } },
		});
		expect(builtIn.status).not.toBe(404);
	});

	test.each([false, true])(
		"the container in which code ran is its caller's, streamed: %p",
		async (stream) => {
			const ran = await ask("/v1/messages", {
				key: ours,
				body: {
					...smallBody,
					stream,
					tools: [{ type: "code_execution_20250825", name: "code_execution" }],
				},
			});
			expect(ran.status).toBe(200);
			const container = /container_\w+/.exec(ran.text)?.[0];
			expect(container).toBeDefined();
			const body = { ...smallBody, container };
			const use = async (key: string) =>
				(await ask("/v1/messages", { key, body })).status;
			expect(await use(theirs)).toBe(404);
			expect(await use(teamMate)).toBe(200);
			expect(await use(masterKey)).toBe(200);
		},
	);

	test("what is deleted is nobody's", async () => {
		const kind = kinds[0] as (typeof kinds)[number];
		for (const key of [ours, masterKey]) {
			const id = await create(kind, ours);
			const rows = () => rig.read(`SELECT 1 FROM @owners WHERE id = '${id}'`);
			expect(await rows()).toHaveLength(1);
			const gone = await ask(`/v1/files/${id}`, { key, method: "DELETE" });
			expect(gone.status).toBe(200);
			expect(await rows()).toHaveLength(0);
		}
	});

	test("paths that look alike lead nowhere", async () => {
		const id = await create(kinds[0] as (typeof kinds)[number], ours);
		rig.simulator.record.clear();
		for (const path of [
			`/v1/Files/${id}`,
			`/v1/files;x/${id}`,
			`/v1/%66iles/${id}`,
			`/v1/v1/files/${id}`,
			`/v1/files/${id};x`,
			`/v1/files/${id}%20`,
			`/v1/files/`,
			`/v1/messages/Batches/${id}`,
			`/v1/Messages/batches/${id}`,
		]) {
			const { status } = await ask(path, { key: theirs, method: "GET" });
			expect({ path, status }).toEqual({ path, status: 404 });
		}
		expect(rig.simulator.record.all()).toHaveLength(0);
	});

	test("another process knows an owner at once", async () => {
		const shared = await open();
		if (shared === null) return;
		const id = await create(kinds[0] as (typeof kinds)[number], ours);
		const other = await rig.another();
		const get = (key: string) =>
			fetch(`${other.url}/v1/files/${id}`, {
				headers: { authorization: `Bearer ${key}` },
			});
		expect((await get(theirs)).status).toBe(404);
		expect((await get(teamMate)).status).toBe(200);
	});
});
