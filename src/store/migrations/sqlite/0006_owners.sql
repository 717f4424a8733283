CREATE TABLE `owners` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`owner` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `owners_by_owner` ON `owners` (`owner`,`kind`,`id`);
--> statement-breakpoint
INSERT INTO "owners" ("kind", "id", "owner", "created_at") SELECT 'batches', "id", "owner", "created_at" FROM "batches" WHERE "owner" IS NOT NULL;