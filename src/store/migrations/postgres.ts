/** Made by `bun run migrations` from postgres/*.sql; do not edit. */
import type { Migration } from "../migrate.ts";

export const postgresMigrations: readonly Migration[] = [
	{
		name: "0000_ledger",
		statements: [
			`CREATE SCHEMA "tollway";`,
			`CREATE TABLE "tollway"."entries" (
	"writer" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"payer" text NOT NULL,
	"started_at" bigint NOT NULL,
	"duration_ms" bigint NOT NULL,
	"first_byte_ms" bigint,
	"family" text NOT NULL,
	"method" text NOT NULL,
	"path" text NOT NULL,
	"streamed" smallint NOT NULL,
	"status" bigint NOT NULL,
	"outcome" text NOT NULL,
	"error_type" text,
	"key_id" text,
	"user_id" text,
	"team_id" text,
	"end_user" text,
	"session_id" text,
	"agent_id" text,
	"parent_agent_id" text,
	"tags" text,
	"metadata" text,
	"client_address" text,
	"user_agent" text,
	"requested_model" text,
	"served_model" text,
	"input" bigint NOT NULL,
	"output" bigint NOT NULL,
	"cache_write_5m" bigint NOT NULL,
	"cache_write_1h" bigint NOT NULL,
	"cache_read" bigint NOT NULL,
	"thinking" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	"service_tier" text,
	"inference_geo" text,
	"speed" text,
	"stop_reason" text,
	"usage_rest" text,
	"cost" bigint,
	"held" bigint NOT NULL,
	"price" text,
	"catalog" text,
	"message_id" text,
	"upstream_request_id" text,
	"request_bytes" bigint NOT NULL,
	"reply_bytes" bigint NOT NULL,
	"request_hash" text,
	"reply_hash" text,
	"corrects" text,
	"hash" text NOT NULL,
	CONSTRAINT "entries_writer_seq_pk" PRIMARY KEY("writer","seq")
);`,
			`CREATE TABLE "tollway"."holds" (
	"id" text PRIMARY KEY NOT NULL,
	"writer" bigint NOT NULL,
	"kind" text NOT NULL,
	"started_at" bigint NOT NULL,
	"nanos" bigint NOT NULL,
	"detail" text NOT NULL
);`,
			`CREATE TABLE "tollway"."meta" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);`,
			`CREATE TABLE "tollway"."ref_runs" (
	"writer" bigint NOT NULL,
	"since" bigint NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "ref_runs_writer_since_pk" PRIMARY KEY("writer","since")
);`,
			`CREATE TABLE "tollway"."refs" (
	"writer" bigint NOT NULL,
	"since" bigint NOT NULL,
	"first" bigint NOT NULL,
	"names" text NOT NULL,
	CONSTRAINT "refs_writer_since_first_pk" PRIMARY KEY("writer","since","first")
);`,
			`CREATE TABLE "tollway"."rollups" (
	"hour" bigint NOT NULL,
	"dimension" text NOT NULL,
	"id" text NOT NULL,
	"model" text NOT NULL,
	"calls" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"input" bigint NOT NULL,
	"output" bigint NOT NULL,
	"cache_write_5m" bigint NOT NULL,
	"cache_write_1h" bigint NOT NULL,
	"cache_read" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	"cost" bigint NOT NULL,
	"estimated" bigint NOT NULL,
	"unpriced" bigint NOT NULL,
	CONSTRAINT "rollups_hour_dimension_id_model_pk" PRIMARY KEY("hour","dimension","id","model")
);`,
			`CREATE TABLE "tollway"."writers" (
	"writer" bigint PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"started_at" bigint NOT NULL,
	"lease_until" bigint NOT NULL,
	"seen_at" bigint NOT NULL
);`,
			`CREATE UNIQUE INDEX "entries_by_id" ON "tollway"."entries" USING btree ("id");`,
		],
	},
	{
		name: "0001_objects",
		statements: [
			`CREATE TABLE "tollway"."changes" (
	"id" text PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"kind" text NOT NULL,
	"object" text NOT NULL,
	"doc" text
);`,
			`CREATE TABLE "tollway"."objects" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"alias" text,
	"doc" text NOT NULL,
	CONSTRAINT "objects_kind_id_pk" PRIMARY KEY("kind","id")
);`,
			`CREATE UNIQUE INDEX "objects_by_alias" ON "tollway"."objects" USING btree ("kind","alias");`,
		],
	},
	{
		name: "0002_counts",
		statements: [
			`CREATE TABLE "tollway"."counts" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"doc" text NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "counts_kind_id_pk" PRIMARY KEY("kind","id")
);`,
			`CREATE TABLE "tollway"."stakes" (
	"id" text PRIMARY KEY NOT NULL,
	"writer" bigint NOT NULL,
	"doc" text NOT NULL
);`,
		],
	},
	{
		name: "0003_batches",
		statements: [
			`CREATE TABLE "tollway"."batch_items" (
	"batch" text NOT NULL,
	"custom_id" text NOT NULL,
	"model" text NOT NULL,
	"state" text NOT NULL,
	"cost" bigint,
	"price" text NOT NULL,
	"notes" text NOT NULL,
	"input" bigint NOT NULL,
	"output" bigint NOT NULL,
	"cache_write_5m" bigint NOT NULL,
	"cache_write_1h" bigint NOT NULL,
	"cache_read" bigint NOT NULL,
	"thinking" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	CONSTRAINT "batch_items_batch_custom_id_pk" PRIMARY KEY("batch","custom_id")
);`,
			`CREATE TABLE "tollway"."batches" (
	"id" text PRIMARY KEY NOT NULL,
	"call_id" text NOT NULL,
	"state" text NOT NULL,
	"created_at" bigint NOT NULL,
	"due_at" bigint,
	"tries" bigint NOT NULL,
	"lease_until" bigint NOT NULL,
	"lease_by" text NOT NULL,
	"owner" text,
	"held" bigint NOT NULL,
	"held_input" bigint NOT NULL,
	"detail" text NOT NULL
);`,
			`CREATE UNIQUE INDEX "batches_by_due" ON "tollway"."batches" USING btree ("due_at","id");`,
		],
	},
	{
		name: "0004_agent_sessions",
		statements: [
			`CREATE TABLE "tollway"."agent_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"call_id" text,
	"created_at" bigint NOT NULL,
	"entries" bigint NOT NULL,
	"seen" bigint NOT NULL,
	"detail" text NOT NULL
);`,
		],
	},
	{
		name: "0005_retention",
		statements: [
			`CREATE TABLE "tollway"."checkpoints" (
	"writer" bigint PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" text NOT NULL,
	"slice" text NOT NULL
);`,
			`CREATE TABLE "tollway"."cursors" (
	"exporter" text NOT NULL,
	"writer" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"missed" bigint NOT NULL,
	CONSTRAINT "cursors_exporter_writer_pk" PRIMARY KEY("exporter","writer")
);`,
			`CREATE TABLE "tollway"."leases" (
	"name" text PRIMARY KEY NOT NULL,
	"by" text NOT NULL,
	"until" bigint NOT NULL
);`,
			`CREATE TABLE "tollway"."trimmed" (
	"hour" bigint PRIMARY KEY NOT NULL,
	"entries" bigint NOT NULL,
	"calls" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"input" bigint NOT NULL,
	"output" bigint NOT NULL,
	"cache_write_5m" bigint NOT NULL,
	"cache_write_1h" bigint NOT NULL,
	"cache_read" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	"cost" bigint NOT NULL,
	"estimated" bigint NOT NULL,
	"unpriced" bigint NOT NULL
);`,
		],
	},
	{
		name: "0006_owners",
		statements: [
			`CREATE TABLE "tollway"."owners" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"owner" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "owners_kind_id_pk" PRIMARY KEY("kind","id")
);`,
			`CREATE UNIQUE INDEX "owners_by_owner" ON "tollway"."owners" USING btree ("owner","kind","id");`,
			`INSERT INTO "tollway"."owners" ("kind", "id", "owner", "created_at") SELECT 'batches', "id", "owner", "created_at" FROM "tollway"."batches" WHERE "owner" IS NOT NULL;`,
		],
	},
];
