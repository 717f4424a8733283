CREATE TABLE "tollway"."counts" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"doc" text NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "counts_kind_id_pk" PRIMARY KEY("kind","id")
);
--> statement-breakpoint
CREATE TABLE "tollway"."stakes" (
	"id" text PRIMARY KEY NOT NULL,
	"writer" bigint NOT NULL,
	"doc" text NOT NULL
);
