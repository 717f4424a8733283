CREATE TABLE `batch_items` (
	`batch` text NOT NULL,
	`custom_id` text NOT NULL,
	`model` text NOT NULL,
	`state` text NOT NULL,
	`cost` integer,
	`price` text NOT NULL,
	`notes` text NOT NULL,
	`input` integer NOT NULL,
	`output` integer NOT NULL,
	`cache_write_5m` integer NOT NULL,
	`cache_write_1h` integer NOT NULL,
	`cache_read` integer NOT NULL,
	`thinking` integer NOT NULL,
	`web_searches` integer NOT NULL,
	PRIMARY KEY(`batch`, `custom_id`)
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE TABLE `batches` (
	`id` text PRIMARY KEY NOT NULL,
	`call_id` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`due_at` integer,
	`tries` integer NOT NULL,
	`lease_until` integer NOT NULL,
	`lease_by` text NOT NULL,
	`owner` text,
	`held` integer NOT NULL,
	`held_input` integer NOT NULL,
	`detail` text NOT NULL
) WITHOUT ROWID, STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `batches_by_due` ON `batches` (`due_at`,`id`);