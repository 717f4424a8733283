CREATE TABLE `checkpoints` (
	`writer` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`slice` text NOT NULL
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE TABLE `cursors` (
	`exporter` text NOT NULL,
	`writer` integer NOT NULL,
	`seq` integer NOT NULL,
	`missed` integer NOT NULL,
	PRIMARY KEY(`exporter`, `writer`)
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`by` text NOT NULL,
	`until` integer NOT NULL
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE TABLE `trimmed` (
	`hour` integer PRIMARY KEY NOT NULL,
	`entries` integer NOT NULL,
	`calls` integer NOT NULL,
	`failures` integer NOT NULL,
	`input` integer NOT NULL,
	`output` integer NOT NULL,
	`cache_write_5m` integer NOT NULL,
	`cache_write_1h` integer NOT NULL,
	`cache_read` integer NOT NULL,
	`web_searches` integer NOT NULL,
	`cost` integer NOT NULL,
	`estimated` integer NOT NULL,
	`unpriced` integer NOT NULL
) WITHOUT ROWID, STRICT;
