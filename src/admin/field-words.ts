/**
 * What the contract's names mean, on whichever route they stand: LiteLLM uses one name for one thing. A schema that means
 * something else says so itself, in its own description.
 */

/** `about` is one line; dollars, tokens and durations are named there. */
export interface Word {
	readonly about: string;
	readonly example?: unknown;
}

export type Words = Readonly<Record<string, Word>>;

const word = (about: string, example?: unknown): Word => ({
	about,
	...(example !== undefined && { example }),
});

const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** In a body. */
export const fieldWords: Words = {
	key: word("The key itself, its id or hash, or its alias", "sk-the-key"),
	keys: word("Keys: each itself, its id or hash, or its alias", ["sk-the-key"]),
	key_aliases: word("Aliases of keys", ["alice"]),
	key_alias: word("A name for people; no two keys have the same", "alice"),
	new_key: word("The new value; without it one is made", "sk-the-key"),
	grace_period: word(
		"How long the old value works on; without it: not at all",
		"24h",
	),
	user_id: word("Whose it is; calls are booked under it", "ada"),
	team_id: word("Its team; calls are booked under it", "research"),
	organization_id: word("Its organization, a label", "acme"),
	duration: word(
		"How long it works: a number and `s`, `m`, `h`, `d`, `w` or `mo`; `-1`: for ever",
		"90d",
	),
	models: word("Models it may call; `*` stands for any characters; none: all", [
		"claude-sonnet-*",
	]),
	tags: word("Every call is booked under these too", ["docs"]),
	metadata: word("Whatever you want to keep with it", { owner: "ada" }),
	blocked: word("Refuse every call", false),
	allowed_routes: word(
		"Paths, prefixes, wildcards or LiteLLM's names of groups; none: what every key may call",
		["/v1/messages"],
	),
	max_budget: word("At most so many dollars, in `budget_duration`", 20),
	budget_duration: word(
		"When spend begins anew: a number and `s`, `m`, `h`, `d`, `w` or `mo`. `1d`, `7d`, `30d` begin at midnight, on Mondays, on the first (UTC); without it never",
		"30d",
	),
	budget_limits: word("More budgets, each with a duration of its own", [
		{ budget_duration: "1d", max_budget: 5 },
	]),
	rpm_limit: word("At most so many requests in any 60 seconds", 60),
	tpm_limit: word(
		"At most so many tokens (input, cache writes, output) in any 60 seconds",
		100_000,
	),
	max_parallel_requests: word("At most so many calls at a time", 10),
	key_type: word("LiteLLM's short word for `allowed_routes`", "default"),
	rpm_limit_type: word(
		"`best_effort_throughput`: `rpm_limit` holds whatever others use",
		"best_effort_throughput",
	),
	tpm_limit_type: word(
		"`best_effort_throughput`: `tpm_limit` holds whatever others use",
		"best_effort_throughput",
	),
	credential: word(
		"Whose Anthropic credential pays: the gateway's (`server`) or the caller's own (`client`)",
		"server",
	),
	model: word("Name of a model", "claude-sonnet-5-5"),
	messages: word("Messages, as they would be sent; the cost is a guess", [
		{ role: "user", content: "Hello, world" },
	]),
	completion_response: word(
		"A whole reply, Anthropic's or in OpenAI's shape; the cost is that of its usage",
	),
	aliases: word(
		"Other names for models: what is asked for, and what is asked for instead",
		{ fast: "claude-haiku-4-5" },
	),
	model_aliases: word("Other names for models, for all keys of the team", {
		fast: "claude-haiku-4-5",
	}),
	soft_budget: word(
		"Dollars in `budget_duration`; who spends more is told of, not refused",
		15,
	),
	model_max_budget: word(
		"At most so many dollars for calls that can reach a model, by its name or a wildcard",
		{ "claude-opus-*": { budget_limit: 5, time_period: "1d" } },
	),
	model_rpm_limit: word(
		"At most so many requests in any 60 seconds, by model",
		{
			"claude-opus-*": 10,
		},
	),
	model_tpm_limit: word("At most so many tokens in any 60 seconds, by model", {
		"claude-opus-*": 50_000,
	}),
	budget_id: word(
		"The budget of `/budget/new` whose limits count where none are said",
		"free-tier",
	),
	budgets: word("Ids of budgets", ["free-tier"]),
	id: word("Id of the budget", "free-tier"),
	spend: word(
		"Dollars that count as spent from now on; the ledger stays as it is",
		0,
	),
	reset_to: word("Dollars that count as spent from now on", 0),
	temp_budget_increase: word(
		"So many dollars more until `temp_budget_expiry`",
		10,
	),
	temp_budget_expiry: word(
		"When that ends, ISO 8601; without a zone UTC",
		"2026-12-01T00:00:00Z",
	),
	api_key: word("Only of this key: itself, its id or hash", hash),
	startTime: word("First moment or day (UTC)", "2026-11-01"),
	endTime: word(
		"Last moment or day (UTC); it is part of the span",
		"2026-11-30",
	),
	request_id: word("`x-litellm-call-id` of the call"),
	user_email: word(
		"The address; no two users have the same",
		"ada@example.com",
	),
	user_alias: word("A name for people", "Ada"),
	user_role: word("LiteLLM's role, a label", "internal_user"),
	user_ids: word("Ids", ["ada"]),
	teams: word("Ids of teams to join", ["research"]),
	auto_create_key: word("Whether a first key is made; without it: yes", false),
	team_alias: word("A name for people", "Research"),
	team_ids: word("Ids of teams", ["research"]),
	members_with_roles: word("Who is in it from the beginning", [
		{ role: "user", user_id: "ada" },
	]),
	team_member_budget: word(
		"At most so many dollars for each member, unless their own limit says otherwise",
		5,
	),
	team_member_budget_duration: word(
		"When what members spend begins anew",
		"30d",
	),
	team_member_rpm_limit: word(
		"At most so many requests of each member in any 60 seconds",
		60,
	),
	team_member_tpm_limit: word(
		"At most so many tokens of each member in any 60 seconds",
		100_000,
	),
	member: word("Who joins: one, or a list", { role: "user", user_id: "ada" }),
	max_budget_in_team: word(
		"At most so many dollars for this member of the team",
		5,
	),
	role: word("`admin` or `user`; a label", "user"),
	alias: word("A name for people", "Customer Seven"),
	allowed_model_region: word("A label: `eu` or `us`", "eu"),
	default_model: word("A label: name of a model", "claude-sonnet-5-5"),
	name: word("The tag, as calls carry it", "docs"),
	names: word("Tags", ["docs"]),
	description: word("For people", "Documentation"),
	requests: word("Calls of a batch, as they would be sent", [
		{
			custom_id: "first",
			params: {
				model: "claude-sonnet-5-5",
				max_tokens: 100,
				messages: [{ role: "user", content: "Hello, world" }],
			},
		},
	]),
	since: word("First day (UTC)", "2026-11-01"),
	until: word("Last day (UTC); it is part of the span", "2026-11-30"),
	ids: word("`x-litellm-call-id` of single calls, or ids of batches"),
	dry_run: word("Only say what would change; `false` writes it down", true),
	show: word("So many of those that change are shown one by one", 10),
	after: word("`next` of the answer before: go on there"),
	session_id: word(
		"The session, as its client names it",
		"0e8d3a52-6f5b-4a53-9d51-2b6f0d3f7a10",
	),
};

/** In a query, where they choose what is shown. */
export const filterWords: Words = {
	...fieldWords,
	key_alias: word("Only the key of this name", "alice"),
	key_hash: word("Only the key with this id or hash", hash),
	user_id: word("Only of this user", "ada"),
	team_id: word("Only of this team", "research"),
	organization_id: word("Only of this organization", "acme"),
	page: word("Which page", 1),
	size: word("How many on a page, at most 100", 10),
	before: word(
		"Only what ended before that: `next` of the page before",
		"2026-11-22T12:30:00.000Z",
	),
	return_full_object: word("Whole keys, and not only their ids", true),
	sort_by: word("What decides the order", "created_at"),
	sort_order: word("Upward or downward", "desc"),
	start_date: word("First day (UTC)", "2026-11-01"),
	end_date: word("Last day (UTC); it is part of the span", "2026-11-30"),
	request_id: word(
		"Only the call with this `x-litellm-call-id`, `msg_…` or `req_…`",
		"msg_0123",
	),
	api_key: word("Only of this key: itself, its id or hash", hash),
	summarize: word("Sums by day and not single calls; counts with both dates"),
	end_user_id: word("The end user, as calls name it", "customer-7"),
	include_team_keys: word("With `user_id`: also keys of their teams", true),
	include_created_by_keys: word(
		"With `user_id`: also keys that they made",
		true,
	),
	expand: word("`user`: whole keys, each with its user", "user"),
	role: word("Only of this role", "internal_user"),
	user_ids: word("Only these, a list with commas", "ada,bob"),
	user_email: word("Only addresses that hold this", "@example.com"),
	team: word("Only members of this team", "research"),
	page_size: word("How many on a page, at most 100", 25),
	session_id: word("Only of this session", "session-1"),
	end_user: word("Only of this end user", "customer-7"),
	model: word("Only of this model", "claude-sonnet-5-5"),
	status_filter: word(
		"Only calls that went well, or only those that did not",
		"failure",
	),
	min_spend: word("Only calls that cost so many dollars or more", 0.5),
	max_spend: word("Only calls that cost so many dollars or less", 5),
	timezone: word(
		"Whose days: a name such as `Europe/Berlin`, or how many minutes it is behind UTC",
		"Europe/Berlin",
	),
	team_ids: word("Only these, a list with commas", "research,docs"),
	tags: word("Only these, a list with commas", "docs,web"),
	end_user_ids: word("Only these, a list with commas", "customer-7"),
	limit: word("At most so many", 10),
	group_by: word("`team`, `customer` or `api_key`", "team"),
	internal_user_id: word("Only of this user", "ada"),
	customer_id: word("Only of this end user", "customer-7"),
};
