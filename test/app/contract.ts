/** What the tables of contract tests have in common: fields, what they take, and bodies that nobody should send. */
import { expect } from "bun:test";
import type { Answer, Operator } from "./operator.ts";

/** A field of the contract. */
export interface Field {
	readonly name: string;
	/** Said by scripts that say nothing; null and the empty text always are. */
	readonly nothing?: readonly unknown[];
	/** A value that says something. */
	readonly other: unknown;
	/** What is then shown under the same name; undefined: it is refused by its name. */
	readonly shown?: unknown;
}

/** A field that acts, and is shown as it was said. */
export const acts = (
	name: string,
	value: unknown,
	more: Partial<Field> = {},
): Field => ({ name, other: value, shown: value, ...more });

/** A field that has no effect here: it may only say nothing. */
export const inert = (
	name: string,
	other: unknown,
	...nothing: unknown[]
): Field => ({ name, other, nothing });

const soon = new Date(Date.now() + 3_600_000).toISOString();

/** Of all whose use is limited. */
export const limitFields: readonly Field[] = [
	acts("max_budget", 12.5),
	acts("soft_budget", 0.000_000_001),
	acts("budget_duration", "7d"),
	acts("tpm_limit", 1_000),
	acts("rpm_limit", 10),
	acts("max_parallel_requests", 3),
	acts("budget_limits", [{ budget_duration: "1d", max_budget: 5 }], {
		nothing: [[]],
	}),
	acts("model_rpm_limit", { "claude-*": 5 }, { nothing: [{}] }),
	acts("model_tpm_limit", { "claude-*": 500 }, { nothing: [{}] }),
	acts(
		"model_max_budget",
		{ "claude-*": { budget_limit: 2, time_period: "1d" } },
		{ nothing: [{}] },
	),
];

/** Of those whose spend is counted; the budget `linked` must be there. */
export const limitedFields: readonly Field[] = [
	...limitFields,
	acts("budget_id", "linked"),
	acts("spend", 0.25),
];

export const raiseFields = {
	temp_budget_increase: 5,
	temp_budget_expiry: soon,
};

/** Whether an answer is a refusal in LiteLLM's envelope that names a field. */
export function expectRefused(answer: Answer, status: number, param: unknown) {
	const { error } = answer.body;
	const { message, type, ...rest } = error ?? {};
	expect([answer.status, rest]).toEqual([
		status,
		{ param, code: String(status) },
	]);
	expect(typeof message).toBe("string");
	expect(typeof type).toBe("string");
}

/** A route that takes fields: a body that works without any, and where the answer shows them. */
export interface FieldRoute {
	readonly path: string;
	/** Made anew for every body. */
	readonly body: () => Promise<object>;
	/** Where the answer shows the object. */
	readonly row: (answer: Answer["body"]) => object;
}

export async function expectField(
	field: Field,
	{ path, body, row }: FieldRoute,
	op: Operator,
): Promise<void> {
	const { name, nothing = [], other, shown } = field;
	for (const value of [null, "", ...nothing]) {
		const answer = await op.ask(path, { ...(await body()), [name]: value });
		expect([path, name, value, answer.status]).toEqual([
			path,
			name,
			value,
			200,
		]);
	}
	const answer = await op.ask(path, { ...(await body()), [name]: other });
	if (shown === undefined) {
		expectRefused(answer, 400, name);
		expect(answer.body.error.message).toContain(name);
		return;
	}
	expect([path, name, answer.status]).toEqual([path, name, 200]);
	expect(row(answer.body)).toHaveProperty([name], shown);
}

/** Amounts that no field of dollars takes; as JSON. */
export const badDollars = [
	"-1",
	"-1e-9",
	"1e-12",
	"1e308",
	"1e999",
	"9000001",
	'"5"',
	'"NaN"',
	'"Infinity"',
	"[]",
	"[null]",
	"true",
];

/** Numbers that no field of counts takes; as JSON. */
export const badCounts = ["-1", "1.5", "1e-12", "1e308", "1e999", '"7"', "{}"];

/** Bodies that are none. */
export const badBodies: readonly (readonly [name: string, body: string])[] = [
	["nothing", ""],
	["blanks", "  "],
	["a form", "key=x"],
	["half of it", '{"key":'],
	["a list", "[]"],
	["a list of one", '[{"key":"x"}]'],
	["a text", '"x"'],
	["a number", "7"],
	["null", "null"],
	["an unknown field", '{"no_such_field":1}'],
];

/** Ids that some program or other chokes on. */
export const oddIds = [
	"a/b",
	"with blank",
	"🦊",
	"100%",
	"a?b=c&d#e",
	"..",
	"__proto__",
	"constructor",
	"'; DROP TABLE objects; --",
	"x".repeat(512),
];

/** Ids that are none; as JSON. */
export const badIds = [
	'"\\u0000"',
	'"a\\nb"',
	'"\\ud800"',
	JSON.stringify("x".repeat(513)),
	"7",
	"{}",
];
