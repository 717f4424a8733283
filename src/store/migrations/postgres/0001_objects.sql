CREATE TABLE "tollway"."changes" (
	"id" text PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"kind" text NOT NULL,
	"object" text NOT NULL,
	"doc" text
);
--> statement-breakpoint
CREATE TABLE "tollway"."objects" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"alias" text,
	"doc" text NOT NULL,
	CONSTRAINT "objects_kind_id_pk" PRIMARY KEY("kind","id")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "objects_by_alias" ON "tollway"."objects" USING btree ("kind","alias");