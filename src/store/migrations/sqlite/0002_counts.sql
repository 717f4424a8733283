CREATE TABLE `counts` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`doc` text NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE TABLE `stakes` (
	`id` text PRIMARY KEY NOT NULL,
	`writer` integer NOT NULL,
	`doc` text NOT NULL
) WITHOUT ROWID, STRICT;
