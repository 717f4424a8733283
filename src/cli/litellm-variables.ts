/** LiteLLM's variables that people bring along and that are no settings here: what becomes of each. */

export interface LitellmVariable {
	/** `harmless`: nothing is lost by it. `not offered`: it asks for something that this version does not do. */
	readonly verdict: "used" | "harmless" | "not offered";
	readonly about: string;
}

const row =
	(verdict: LitellmVariable["verdict"]) =>
	(about: string): LitellmVariable => ({ verdict, about });
const used = row("used");
const harmless = row("harmless");
const notOffered = row("not offered");

const oneProcess = harmless("one process serves all");
const oneDatabase = harmless("everything is read from the one database");
const noDatabaseToken = notOffered("the database is reached with a password");
const noRedis = notOffered("limits are kept in this process");
const noPage = notOffered("there is no dashboard yet");
const noSink = notOffered("there are no exporters yet");
const noAlert = notOffered("there are no alerts yet");
const batchPolling = notOffered(
	"batches are asked after by TOLLWAY_BATCH_POLL",
);
const resets = harmless("a budget begins anew on time, without a job");

export const litellmVariables: Readonly<Record<string, LitellmVariable>> = {
	NUM_WORKERS: oneProcess,
	KEEPALIVE_TIMEOUT: harmless("idle connections are closed after 30 s"),
	MAX_REQUESTS_BEFORE_RESTART: oneProcess,
	CONFIG_FILE_PATH: notOffered(
		"settings are environment variables only: max_budget is TOLLWAY_MAX_BUDGET, global_max_parallel_requests is TOLLWAY_MAX_PARALLEL_REQUESTS, model_group_alias is TOLLWAY_MODEL_ALIASES, maximum_spend_logs_retention_period is TOLLWAY_RETENTION_DAYS; tollway config lists them",
	),
	LITELLM_SALT_KEY: harmless("no provider credential is stored"),
	DATABASE_SCHEMA: harmless("the tables are in a schema of their own, tollway"),
	DIRECT_URL: harmless("tables are made and changed through DATABASE_URL"),
	DATABASE_URL_READ_REPLICA: oneDatabase,
	DATABASE_HOST_READ_REPLICA: oneDatabase,
	DATABASE_PORT_READ_REPLICA: oneDatabase,
	DATABASE_USER_READ_REPLICA: oneDatabase,
	DATABASE_USERNAME_READ_REPLICA: oneDatabase,
	DATABASE_PASSWORD_READ_REPLICA: oneDatabase,
	DATABASE_NAME_READ_REPLICA: oneDatabase,
	DATABASE_SCHEMA_READ_REPLICA: oneDatabase,
	DATABASE_MAX_IDLE_CONNECTION_LIFETIME: harmless(
		"connections that have died are replaced",
	),
	IAM_TOKEN_DB_AUTH: noDatabaseToken,
	AZURE_POSTGRESQL_AUTH: noDatabaseToken,
	STORE_MODEL_IN_DB: harmless("there is no model list to store"),
	REDIS_HOST: noRedis,
	REDIS_PORT: noRedis,
	REDIS_PASSWORD: noRedis,
	REDIS_URL: noRedis,
	UI_USERNAME: noPage,
	UI_PASSWORD: noPage,
	DISABLE_ADMIN_UI: harmless("there is no dashboard yet"),
	DISABLE_KEY_NAME: notOffered("key names are always kept"),
	DETAILED_DEBUG: harmless("TOLLWAY_LOG_LEVEL=debug says all there is"),
	LITELLM_DETAILED_TIMING: harmless("every call line has its times"),
	LITELLM_MODE: harmless(".env is never read unless --env-file names it"),
	LITELLM_LICENSE: harmless("there is nothing to license"),
	LITELLM_LOCAL_MODEL_COST_MAP: harmless(
		"prices are shipped with it and never fetched",
	),
	LITELLM_MODEL_COST_MAP_URL: notOffered(
		"prices are never fetched; TOLLWAY_PRICES_FILE names a file of yours",
	),
	PROXY_BATCH_POLLING_INTERVAL: batchPolling,
	PROXY_BATCH_WRITE_AT: harmless("there is no write queue to tune"),
	PROXY_BUDGET_RESCHEDULER_MIN_TIME: resets,
	PROXY_BUDGET_RESCHEDULER_MAX_TIME: resets,
	LITELLM_RATE_LIMIT_WINDOW_SIZE: notOffered(
		"requests and tokens are counted over any 60 seconds",
	),
	PROMETHEUS_METRICS_PORT: noSink,
	PROMETHEUS_MULTIPROC_DIR: oneProcess,
	SLACK_WEBHOOK_URL: noAlert,
	WEBHOOK_URL: noAlert,
	SSL_VERIFY: notOffered("upstream's certificate is always checked"),
	SSL_CERT_FILE: used("by the runtime: extra certificate roots"),
	HTTP_PROXY: used("by the runtime, for calls upstream"),
	HTTPS_PROXY: used("by the runtime, for calls upstream"),
	NO_PROXY: used("by the runtime, for calls upstream"),
	LANGFUSE_PUBLIC_KEY: noSink,
	LANGFUSE_SECRET_KEY: noSink,
	LANGFUSE_HOST: noSink,
	OTEL_EXPORTER: noSink,
	OTEL_ENDPOINT: noSink,
	OTEL_HEADERS: noSink,
	OTEL_EXPORTER_OTLP_ENDPOINT: noSink,
	OTEL_EXPORTER_OTLP_HEADERS: noSink,
	DD_API_KEY: noSink,
	DD_SITE: noSink,
	GENERIC_LOGGER_ENDPOINT: noSink,
	GENERIC_LOGGER_HEADERS: noSink,
	LANGSMITH_API_KEY: noSink,
	GCS_BUCKET_NAME: noSink,
	DOCS_URL: notOffered("the description of the API stays at /docs"),
	NO_REDOC: harmless("/redoc only leads to /docs, which NO_DOCS hides"),
	ROOT_REDIRECT_URL: notOffered("/ never redirects"),
};

/** Settings here that go by a name LiteLLM taught. */
export const litellmAliases: ReadonlySet<string> = new Set([
	"HOST",
	"PORT",
	"SSL_CERTFILE_PATH",
	"SSL_KEYFILE_PATH",
	"PROXY_BASE_URL",
	"SERVER_ROOT_PATH",
	"NO_DOCS",
	"LITELLM_MASTER_KEY",
	"ANTHROPIC_API_BASE",
	"ANTHROPIC_BASE_URL",
	"ANTHROPIC_API_KEY",
	"ANTHROPIC_AUTH_TOKEN",
	"DATABASE_URL",
	"DATABASE_HOST",
	"DATABASE_PORT",
	"DATABASE_USER",
	"DATABASE_USERNAME",
	"DATABASE_PASSWORD",
	"DATABASE_NAME",
	"DATABASE_SSLMODE",
	"DATABASE_SSLROOTCERT",
	"DATABASE_DISABLE_PREPARED_STATEMENTS",
	"LITELLM_LOG",
	"JSON_LOGS",
]);
