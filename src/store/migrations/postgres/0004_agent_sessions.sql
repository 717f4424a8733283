CREATE TABLE "tollway"."agent_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"call_id" text,
	"created_at" bigint NOT NULL,
	"entries" bigint NOT NULL,
	"seen" bigint NOT NULL,
	"detail" text NOT NULL
);
