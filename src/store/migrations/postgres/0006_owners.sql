CREATE TABLE "tollway"."owners" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"owner" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "owners_kind_id_pk" PRIMARY KEY("kind","id")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "owners_by_owner" ON "tollway"."owners" USING btree ("owner","kind","id");
--> statement-breakpoint
INSERT INTO "tollway"."owners" ("kind", "id", "owner", "created_at") SELECT 'batches', "id", "owner", "created_at" FROM "tollway"."batches" WHERE "owner" IS NOT NULL;