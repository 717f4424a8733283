CREATE TABLE `changes` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`kind` text NOT NULL,
	`object` text NOT NULL,
	`doc` text
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE TABLE `objects` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`alias` text,
	`doc` text NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `objects_by_alias` ON `objects` (`kind`,`alias`);