/** Made by `bun run migrations` from sqlite/*.sql; do not edit. */
import type { Migration } from "../migrate.ts";

export const sqliteMigrations: readonly Migration[] = [
	{
		name: "0000_ledger",
		statements: [
			`CREATE TABLE \`entries\` (
	\`writer\` integer NOT NULL,
	\`seq\` integer NOT NULL,
	\`id\` text NOT NULL,
	\`kind\` text NOT NULL,
	\`state\` text NOT NULL,
	\`payer\` text NOT NULL,
	\`started_at\` integer NOT NULL,
	\`duration_ms\` integer NOT NULL,
	\`first_byte_ms\` integer,
	\`family\` text NOT NULL,
	\`method\` text NOT NULL,
	\`path\` text NOT NULL,
	\`streamed\` integer NOT NULL,
	\`status\` integer NOT NULL,
	\`outcome\` text NOT NULL,
	\`error_type\` text,
	\`key_id\` text,
	\`user_id\` text,
	\`team_id\` text,
	\`end_user\` text,
	\`session_id\` text,
	\`agent_id\` text,
	\`parent_agent_id\` text,
	\`tags\` text,
	\`metadata\` text,
	\`client_address\` text,
	\`user_agent\` text,
	\`requested_model\` text,
	\`served_model\` text,
	\`input\` integer NOT NULL,
	\`output\` integer NOT NULL,
	\`cache_write_5m\` integer NOT NULL,
	\`cache_write_1h\` integer NOT NULL,
	\`cache_read\` integer NOT NULL,
	\`thinking\` integer NOT NULL,
	\`web_searches\` integer NOT NULL,
	\`service_tier\` text,
	\`inference_geo\` text,
	\`speed\` text,
	\`stop_reason\` text,
	\`usage_rest\` text,
	\`cost\` integer,
	\`held\` integer NOT NULL,
	\`price\` text,
	\`catalog\` text,
	\`message_id\` text,
	\`upstream_request_id\` text,
	\`request_bytes\` integer NOT NULL,
	\`reply_bytes\` integer NOT NULL,
	\`request_hash\` text,
	\`reply_hash\` text,
	\`corrects\` text,
	\`hash\` text NOT NULL,
	PRIMARY KEY(\`writer\`, \`seq\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE UNIQUE INDEX \`entries_by_id\` ON \`entries\` (\`id\`);`,
			`CREATE TABLE \`holds\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`writer\` integer NOT NULL,
	\`kind\` text NOT NULL,
	\`started_at\` integer NOT NULL,
	\`nanos\` integer NOT NULL,
	\`detail\` text NOT NULL
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`meta\` (
	\`name\` text PRIMARY KEY NOT NULL,
	\`value\` text NOT NULL
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`ref_runs\` (
	\`writer\` integer NOT NULL,
	\`since\` integer NOT NULL,
	\`until\` integer NOT NULL,
	PRIMARY KEY(\`writer\`, \`since\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`refs\` (
	\`writer\` integer NOT NULL,
	\`since\` integer NOT NULL,
	\`first\` integer NOT NULL,
	\`names\` text NOT NULL,
	PRIMARY KEY(\`writer\`, \`since\`, \`first\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`rollups\` (
	\`hour\` integer NOT NULL,
	\`dimension\` text NOT NULL,
	\`id\` text NOT NULL,
	\`model\` text NOT NULL,
	\`calls\` integer NOT NULL,
	\`failures\` integer NOT NULL,
	\`input\` integer NOT NULL,
	\`output\` integer NOT NULL,
	\`cache_write_5m\` integer NOT NULL,
	\`cache_write_1h\` integer NOT NULL,
	\`cache_read\` integer NOT NULL,
	\`web_searches\` integer NOT NULL,
	\`cost\` integer NOT NULL,
	\`estimated\` integer NOT NULL,
	\`unpriced\` integer NOT NULL,
	PRIMARY KEY(\`hour\`, \`dimension\`, \`id\`, \`model\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`writers\` (
	\`writer\` integer PRIMARY KEY NOT NULL,
	\`name\` text NOT NULL,
	\`started_at\` integer NOT NULL,
	\`lease_until\` integer NOT NULL,
	\`seen_at\` integer NOT NULL
) WITHOUT ROWID, STRICT;`,
		],
	},
	{
		name: "0001_objects",
		statements: [
			`CREATE TABLE \`changes\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`at\` integer NOT NULL,
	\`actor\` text NOT NULL,
	\`action\` text NOT NULL,
	\`kind\` text NOT NULL,
	\`object\` text NOT NULL,
	\`doc\` text
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`objects\` (
	\`kind\` text NOT NULL,
	\`id\` text NOT NULL,
	\`alias\` text,
	\`doc\` text NOT NULL,
	PRIMARY KEY(\`kind\`, \`id\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE UNIQUE INDEX \`objects_by_alias\` ON \`objects\` (\`kind\`,\`alias\`);`,
		],
	},
	{
		name: "0002_counts",
		statements: [
			`CREATE TABLE \`counts\` (
	\`kind\` text NOT NULL,
	\`id\` text NOT NULL,
	\`doc\` text NOT NULL,
	\`until\` integer NOT NULL,
	PRIMARY KEY(\`kind\`, \`id\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`stakes\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`writer\` integer NOT NULL,
	\`doc\` text NOT NULL
) WITHOUT ROWID, STRICT;`,
		],
	},
	{
		name: "0003_batches",
		statements: [
			`CREATE TABLE \`batch_items\` (
	\`batch\` text NOT NULL,
	\`custom_id\` text NOT NULL,
	\`model\` text NOT NULL,
	\`state\` text NOT NULL,
	\`cost\` integer,
	\`price\` text NOT NULL,
	\`notes\` text NOT NULL,
	\`input\` integer NOT NULL,
	\`output\` integer NOT NULL,
	\`cache_write_5m\` integer NOT NULL,
	\`cache_write_1h\` integer NOT NULL,
	\`cache_read\` integer NOT NULL,
	\`thinking\` integer NOT NULL,
	\`web_searches\` integer NOT NULL,
	PRIMARY KEY(\`batch\`, \`custom_id\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`batches\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`call_id\` text NOT NULL,
	\`state\` text NOT NULL,
	\`created_at\` integer NOT NULL,
	\`due_at\` integer,
	\`tries\` integer NOT NULL,
	\`lease_until\` integer NOT NULL,
	\`lease_by\` text NOT NULL,
	\`owner\` text,
	\`held\` integer NOT NULL,
	\`held_input\` integer NOT NULL,
	\`detail\` text NOT NULL
) WITHOUT ROWID, STRICT;`,
			`CREATE UNIQUE INDEX \`batches_by_due\` ON \`batches\` (\`due_at\`,\`id\`);`,
		],
	},
	{
		name: "0004_agent_sessions",
		statements: [
			`CREATE TABLE \`agent_sessions\` (
	\`id\` text PRIMARY KEY NOT NULL,
	\`call_id\` text,
	\`created_at\` integer NOT NULL,
	\`entries\` integer NOT NULL,
	\`seen\` integer NOT NULL,
	\`detail\` text NOT NULL
) WITHOUT ROWID, STRICT;`,
		],
	},
	{
		name: "0005_retention",
		statements: [
			`CREATE TABLE \`checkpoints\` (
	\`writer\` integer PRIMARY KEY NOT NULL,
	\`seq\` integer NOT NULL,
	\`hash\` text NOT NULL,
	\`slice\` text NOT NULL
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`cursors\` (
	\`exporter\` text NOT NULL,
	\`writer\` integer NOT NULL,
	\`seq\` integer NOT NULL,
	\`missed\` integer NOT NULL,
	PRIMARY KEY(\`exporter\`, \`writer\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`leases\` (
	\`name\` text PRIMARY KEY NOT NULL,
	\`by\` text NOT NULL,
	\`until\` integer NOT NULL
) WITHOUT ROWID, STRICT;`,
			`CREATE TABLE \`trimmed\` (
	\`hour\` integer PRIMARY KEY NOT NULL,
	\`entries\` integer NOT NULL,
	\`calls\` integer NOT NULL,
	\`failures\` integer NOT NULL,
	\`input\` integer NOT NULL,
	\`output\` integer NOT NULL,
	\`cache_write_5m\` integer NOT NULL,
	\`cache_write_1h\` integer NOT NULL,
	\`cache_read\` integer NOT NULL,
	\`web_searches\` integer NOT NULL,
	\`cost\` integer NOT NULL,
	\`estimated\` integer NOT NULL,
	\`unpriced\` integer NOT NULL
) WITHOUT ROWID, STRICT;`,
		],
	},
	{
		name: "0006_owners",
		statements: [
			`CREATE TABLE \`owners\` (
	\`kind\` text NOT NULL,
	\`id\` text NOT NULL,
	\`owner\` text NOT NULL,
	\`created_at\` integer NOT NULL,
	PRIMARY KEY(\`kind\`, \`id\`)
) WITHOUT ROWID, STRICT;`,
			`CREATE UNIQUE INDEX \`owners_by_owner\` ON \`owners\` (\`owner\`,\`kind\`,\`id\`);`,
			`INSERT INTO "owners" ("kind", "id", "owner", "created_at") SELECT 'batches', "id", "owner", "created_at" FROM "batches" WHERE "owner" IS NOT NULL;`,
		],
	},
];
