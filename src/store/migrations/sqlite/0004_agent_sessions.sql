CREATE TABLE `agent_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`call_id` text,
	`created_at` integer NOT NULL,
	`entries` integer NOT NULL,
	`seen` integer NOT NULL,
	`detail` text NOT NULL
) WITHOUT ROWID, STRICT;
