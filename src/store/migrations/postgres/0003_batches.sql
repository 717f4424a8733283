CREATE TABLE "tollway"."batch_items" (
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
);
--> statement-breakpoint
CREATE TABLE "tollway"."batches" (
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
);
--> statement-breakpoint
CREATE UNIQUE INDEX "batches_by_due" ON "tollway"."batches" USING btree ("due_at","id");