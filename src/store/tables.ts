/** Every table, once. Both engines are made from this; what differs between them stands in columns-*.ts. */
import type { columns as sqliteColumns } from "./columns-sqlite.ts";

export type Columns = typeof sqliteColumns;

/** The members of TokenCounts. */
const toTokenColumns = (whole: Columns["whole"]) => ({
	input: whole("input").notNull(),
	output: whole("output").notNull(),
	cacheWrite5m: whole("cache_write_5m").notNull(),
	cacheWrite1h: whole("cache_write_1h").notNull(),
	cacheRead: whole("cache_read").notNull(),
});

/** One row per name: what the database must remember of itself. */
const defineMeta = ({ table, text }: Columns) =>
	table("meta", {
		name: text("name").primaryKey(),
		value: text("value").notNull(),
	});

/** Who writes. While a writer's lease lasts, nobody else settles its open holds. */
const defineWriters = ({ table, text, whole }: Columns) =>
	table("writers", {
		writer: whole("writer").primaryKey(),
		name: text("name").notNull(),
		startedAt: whole("started_at").notNull(),
		leaseUntil: whole("lease_until").notNull(),
		seenAt: whole("seen_at").notNull(),
	});

/** The ledger: append only. The order of the columns is that of the bytes that are hashed. */
const defineEntries = ({
	table,
	primaryKey,
	uniqueIndex,
	text,
	whole,
	nanos,
	flag,
}: Columns) =>
	table(
		"entries",
		{
			writer: whole("writer").notNull(),
			seq: whole("seq").notNull(),
			id: text("id").notNull(),
			kind: text("kind").notNull(),
			state: text("state").notNull(),
			payer: text("payer").notNull(),
			startedAt: whole("started_at").notNull(),
			durationMs: whole("duration_ms").notNull(),
			firstByteMs: whole("first_byte_ms"),
			family: text("family").notNull(),
			method: text("method").notNull(),
			path: text("path").notNull(),
			streamed: flag("streamed").notNull(),
			status: whole("status").notNull(),
			outcome: text("outcome").notNull(),
			errorType: text("error_type"),
			keyId: text("key_id"),
			userId: text("user_id"),
			teamId: text("team_id"),
			endUser: text("end_user"),
			sessionId: text("session_id"),
			agentId: text("agent_id"),
			parentAgentId: text("parent_agent_id"),
			tags: text("tags"),
			metadata: text("metadata"),
			clientAddress: text("client_address"),
			userAgent: text("user_agent"),
			requestedModel: text("requested_model"),
			servedModel: text("served_model"),
			...toTokenColumns(whole),
			thinking: whole("thinking").notNull(),
			webSearches: whole("web_searches").notNull(),
			serviceTier: text("service_tier"),
			inferenceGeo: text("inference_geo"),
			speed: text("speed"),
			stopReason: text("stop_reason"),
			usageRest: text("usage_rest"),
			cost: nanos("cost"),
			held: nanos("held").notNull(),
			price: text("price"),
			catalog: text("catalog"),
			messageId: text("message_id"),
			upstreamRequestId: text("upstream_request_id"),
			requestBytes: whole("request_bytes").notNull(),
			replyBytes: whole("reply_bytes").notNull(),
			requestHash: text("request_hash"),
			replyHash: text("reply_hash"),
			corrects: text("corrects"),
			/** SHA-256 (base64) of this row's other columns and of the hash before it: chain.ts. */
			hash: text("hash").notNull(),
		},
		(entry) => [
			primaryKey({ columns: [entry.writer, entry.seq] }),
			// Ids begin with their time, so this index grows at its end, which is cheap, and serves ranges of time.
			uniqueIndex("entries_by_id").on(entry.id),
		],
	);

/** Money reserved for calls that have not ended. Short: a row lives as long as its call. */
const defineHolds = ({ table, text, whole, nanos }: Columns) =>
	table("holds", {
		id: text("id").primaryKey(),
		writer: whole("writer").notNull(),
		kind: text("kind").notNull(),
		startedAt: whole("started_at").notNull(),
		nanos: nanos("nanos").notNull(),
		/** What the Entry of a call is made of whose end nobody saw; JSON. */
		detail: text("detail").notNull(),
	});

/** Sums of the ledger by UTC hour. The hour stands first, so that all that is written now lies side by side. */
const defineRollups = ({ table, primaryKey, text, whole, nanos }: Columns) =>
	table(
		"rollups",
		{
			/** Hours since 1970. */
			hour: whole("hour").notNull(),
			dimension: text("dimension").notNull(),
			id: text("id").notNull(),
			model: text("model").notNull(),
			calls: whole("calls").notNull(),
			failures: whole("failures").notNull(),
			...toTokenColumns(whole),
			webSearches: whole("web_searches").notNull(),
			cost: nanos("cost").notNull(),
			/** The part of `cost` that is an estimate. */
			estimated: nanos("estimated").notNull(),
			unpriced: whole("unpriced").notNull(),
		},
		(sum) => [
			primaryKey({ columns: [sum.hour, sum.dimension, sum.id, sum.model] }),
		],
	);

/**
 * Other names of an Entry (`msg_…`, `req_…`, its session), by their hash; filled behind the ledger, a run of Entries at a
 * time (reference-indexer.ts). A row holds some thirty names of a run, packed (reference-pack.ts): a row for each name would
 * cost three times the time and, in PostgreSQL, ten times the room.
 */
const defineReferences = ({ table, primaryKey, text, whole }: Columns) =>
	table(
		"refs",
		{
			writer: whole("writer").notNull(),
			/** The first seq of the run. */
			since: whole("since").notNull(),
			/** The lowest hash in the row. */
			first: whole("first").notNull(),
			names: text("names").notNull(),
		},
		(row) => [primaryKey({ columns: [row.writer, row.since, row.first] })],
	);

/** The runs that are in `refs`; the last one of a writer says how far that is. */
const defineReferenceRuns = ({ table, primaryKey, whole }: Columns) =>
	table(
		"ref_runs",
		{
			writer: whole("writer").notNull(),
			since: whole("since").notNull(),
			/** The last seq of the run. */
			until: whole("until").notNull(),
		},
		(run) => [primaryKey({ columns: [run.writer, run.since] })],
	);

/** What operators manage, a row each. What it says is JSON of a domain noun; the columns are what it is found by. */
const defineObjects = ({ table, primaryKey, uniqueIndex, text }: Columns) =>
	table(
		"objects",
		{
			kind: text("kind").notNull(),
			id: text("id").notNull(),
			/** No two of a kind have the same. */
			alias: text("alias"),
			doc: text("doc").notNull(),
		},
		(object) => [
			primaryKey({ columns: [object.kind, object.id] }),
			uniqueIndex("objects_by_alias").on(object.kind, object.alias),
		],
	);

/** Who changed what of it and when: other processes follow it, auditors read it. Append only. */
const defineChanges = ({ table, text, whole }: Columns) =>
	table("changes", {
		/** Begins with its time. */
		id: text("id").primaryKey(),
		at: whole("at").notNull(),
		actor: text("actor").notNull(),
		/** As the route that did it: `key/generate`. */
		action: text("action").notNull(),
		kind: text("kind").notNull(),
		object: text("object").notNull(),
		/** What it says since; NULL: it is gone. */
		doc: text("doc"),
	});

/**
 * What several processes count together, a row for each subject: all its limits are read, judged and written at once. What
 * the text says is the affair of whoever counts.
 */
const defineCounts = ({ table, primaryKey, text, whole }: Columns) =>
	table(
		"counts",
		{
			kind: text("kind").notNull(),
			id: text("id").notNull(),
			doc: text("doc").notNull(),
			/** From then on it may be removed. */
			until: whole("until").notNull(),
		},
		(count) => [primaryKey({ columns: [count.kind, count.id] })],
	);

/** What calls that run have taken of those counts. Short, as `holds`. */
const defineStakes = ({ table, text, whole }: Columns) =>
	table("stakes", {
		/** Of the call. */
		id: text("id").primaryKey(),
		/** Whose call it is: when its lease has ended, others give back what was taken. */
		writer: whole("writer").notNull(),
		doc: text("doc").notNull(),
	});

/** Batches that upstream runs for somebody, a row each: what they come to is known long after their call has ended. */
const defineBatches = ({ table, uniqueIndex, text, whole, nanos }: Columns) =>
	table(
		"batches",
		{
			/** Upstream's: `msgbatch_…`. */
			id: text("id").primaryKey(),
			/** The call that made it. */
			callId: text("call_id").notNull(),
			/** `open`, `missing`, `settled` or `gone`: BatchState. */
			state: text("state").notNull(),
			/** Decides the prices. */
			createdAt: whole("created_at").notNull(),
			/** When it is to be looked at next; NULL: never again. */
			dueAt: whole("due_at"),
			/** How often it has been looked at in this state. */
			tries: whole("tries").notNull(),
			/** Until then nobody but `leaseBy` looks at it. */
			leaseUntil: whole("lease_until").notNull(),
			leaseBy: text("lease_by").notNull(),
			/** Who alone may see it: `team:…`, `user:…` or `key:…`; NULL: whoever may see everything. */
			owner: text("owner"),
			/** The most that it may come to, and the part of it for its prompts. */
			held: nanos("held").notNull(),
			heldInput: nanos("held_input").notNull(),
			/** Whose it is: what its Entries are made of, as JSON. */
			detail: text("detail").notNull(),
		},
		(batch) => [uniqueIndex("batches_by_due").on(batch.dueAt, batch.id)],
	);

/** What a request of a batch has come to, by the results; each once, however often those are read. */
const defineBatchItems = ({ table, primaryKey, text, whole, nanos }: Columns) =>
	table(
		"batch_items",
		{
			batch: text("batch").notNull(),
			customId: text("custom_id").notNull(),
			/** The one that served; empty where nobody knows. */
			model: text("model").notNull(),
			state: text("state").notNull(),
			cost: nanos("cost"),
			/** As an Entry's, and the notes on it joined by blanks. */
			price: text("price").notNull(),
			notes: text("notes").notNull(),
			...toTokenColumns(whole),
			thinking: whole("thinking").notNull(),
			webSearches: whole("web_searches").notNull(),
		},
		(item) => [primaryKey({ columns: [item.batch, item.customId] })],
	);

/** Sessions of managed agents, which work on after their calls have ended: a row each, with what of their cost is on the ledger. */
const defineAgentSessions = ({ table, text, whole, nanos }: Columns) =>
	table("agent_sessions", {
		/** Upstream's. */
		id: text("id").primaryKey(),
		/** The call that made it; NULL: nobody here saw it made. */
		callId: text("call_id"),
		createdAt: whole("created_at").notNull(),
		/** How many Entries it has, and the cost that they come to together. */
		entries: whole("entries").notNull(),
		seen: nanos("seen").notNull(),
		/** Whose it is: what its Entries are made of, as JSON. */
		detail: text("detail").notNull(),
	});

/**
 * Where a writer's chain begins since older Entries were deleted: the last of them, whose hash the next one goes on from.
 * Nobody writes it but retention.ts.
 */
const defineCheckpoints = ({ table, text, whole }: Columns) =>
	table("checkpoints", {
		writer: whole("writer").primaryKey(),
		seq: whole("seq").notNull(),
		hash: text("hash").notNull(),
		/** Of the last deletion; unique. What else it changes is changed only where this says that it was first. */
		slice: text("slice").notNull(),
	});

/** What deleted Entries come to, by the UTC hour of their start: the sums still have them, and this says how much of those. */
const defineTrimmed = ({ table, whole, nanos }: Columns) =>
	table("trimmed", {
		/** Hours since 1970. */
		hour: whole("hour").primaryKey(),
		entries: whole("entries").notNull(),
		calls: whole("calls").notNull(),
		failures: whole("failures").notNull(),
		...toTokenColumns(whole),
		webSearches: whole("web_searches").notNull(),
		cost: nanos("cost").notNull(),
		estimated: nanos("estimated").notNull(),
		unpriced: whole("unpriced").notNull(),
	});

/** How far an exporter has delivered a writer's Entries: cursors.ts. */
const defineCursors = ({ table, primaryKey, text, whole }: Columns) =>
	table(
		"cursors",
		{
			exporter: text("exporter").notNull(),
			writer: whole("writer").notNull(),
			/** The last one delivered; 0: none. */
			seq: whole("seq").notNull(),
			/** Entries that were deleted before they were delivered. */
			missed: whole("missed").notNull(),
		},
		(cursor) => [primaryKey({ columns: [cursor.exporter, cursor.writer] })],
	);

/** What only one process may do at a time, a row each. */
const defineLeases = ({ table, text, whole }: Columns) =>
	table("leases", {
		name: text("name").primaryKey(),
		by: text("by").notNull(),
		until: whole("until").notNull(),
	});

/** Who made what stands at upstream, where all callers look alike. What is not here is the operator's. */
const defineOwners = ({
	table,
	primaryKey,
	uniqueIndex,
	text,
	whole,
}: Columns) =>
	table(
		"owners",
		{
			/** As the path names it: `files`, `batches`, … */
			kind: text("kind").notNull(),
			/** Upstream's. */
			id: text("id").notNull(),
			/** Who alone may see it: `team:…`, `user:…` or `key:…`. */
			owner: text("owner").notNull(),
			createdAt: whole("created_at").notNull(),
		},
		(object) => [
			primaryKey({ columns: [object.kind, object.id] }),
			uniqueIndex("owners_by_owner").on(object.owner, object.kind, object.id),
		],
	);

export const defineTables = (columns: Columns) => ({
	meta: defineMeta(columns),
	writers: defineWriters(columns),
	entries: defineEntries(columns),
	holds: defineHolds(columns),
	rollups: defineRollups(columns),
	references: defineReferences(columns),
	referenceRuns: defineReferenceRuns(columns),
	objects: defineObjects(columns),
	changes: defineChanges(columns),
	counts: defineCounts(columns),
	stakes: defineStakes(columns),
	batches: defineBatches(columns),
	batchItems: defineBatchItems(columns),
	agentSessions: defineAgentSessions(columns),
	checkpoints: defineCheckpoints(columns),
	trimmed: defineTrimmed(columns),
	cursors: defineCursors(columns),
	leases: defineLeases(columns),
	owners: defineOwners(columns),
});

export type Tables = ReturnType<typeof defineTables>;
