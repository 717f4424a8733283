CREATE TABLE "tollway"."checkpoints" (
	"writer" bigint PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" text NOT NULL,
	"slice" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tollway"."cursors" (
	"exporter" text NOT NULL,
	"writer" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"missed" bigint NOT NULL,
	CONSTRAINT "cursors_exporter_writer_pk" PRIMARY KEY("exporter","writer")
);
--> statement-breakpoint
CREATE TABLE "tollway"."leases" (
	"name" text PRIMARY KEY NOT NULL,
	"by" text NOT NULL,
	"until" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tollway"."trimmed" (
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
);
