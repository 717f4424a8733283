/** The kinds of value that settings about limits can have. */
import { z } from "zod";
import { toDuration, toDurationText } from "../domain/duration.ts";
import type { ModelLimit } from "../domain/limit-set.ts";
import { toResetMinute, toTimeZone } from "../domain/window.ts";
import { kind } from "./kinds.ts";

/** What the reader of the domain says of a text is for the one who wrote it. */
const readAs = <T>(expected: string, read: (text: string) => T) =>
	kind(expected, (text, fail): T | undefined => {
		try {
			return read(text);
		} catch (error) {
			if (error instanceof RangeError) return fail(error.message);
			throw error;
		}
	});

export const limitDuration = readAs("a duration such as 30d", (text) =>
	toDurationText(toDuration(text)),
);
export const timeZone = readAs("a time zone", toTimeZone);
export const resetTime = readAs("HH:MM", toResetMinute);

const maxCount = 1_000_000_000_000;

export const count = kind("a whole number, 0 or more", (text) => {
	const number = /^\d{1,13}$/.test(text) ? Number(text) : Number.NaN;
	return number <= maxCount ? number : undefined;
});

export const name = kind("one line, at most 512 characters", (text) =>
	/^[^\p{Cc}]{1,512}$/u.test(text) ? text : undefined,
);

const nanosPerDollar = 1e9;
const number = z.int().min(0).max(maxCount).nullish();
const models = z.record(
	z.string().min(1),
	z.strictObject({
		max_budget: z.number().min(0).max(9_000_000).nullish(),
		budget_duration: z.string().nullish(),
		rpm_limit: number,
		tpm_limit: number,
	}),
);

const toJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

export const modelLimits = kind(
	'JSON such as {"claude-opus-*": {"max_budget": 50, "budget_duration": "1d", "rpm_limit": 60, "tpm_limit": 100000}}',
	(text, fail): readonly ModelLimit[] | undefined => {
		if (text === "") return [];
		const read = models.safeParse(toJson(text));
		if (!read.success) return fail();
		try {
			return Object.entries(read.data).map(([model, one]) => ({
				model,
				maxBudgetNanos:
					one.max_budget == null
						? null
						: Math.round(one.max_budget * nanosPerDollar),
				duration: one.budget_duration
					? toDurationText(toDuration(one.budget_duration))
					: null,
				rpmLimit: one.rpm_limit ?? null,
				tpmLimit: one.tpm_limit ?? null,
			}));
		} catch (error) {
			if (error instanceof RangeError) return fail(error.message);
			throw error;
		}
	},
);

const names = z.record(z.string().min(1).max(256), z.string().min(1).max(256));

/** By name; no name is one that every object has. */
export const aliases = kind(
	'JSON such as {"fast": "claude-haiku-4-5"}',
	(text, fail): Readonly<Record<string, string>> | undefined => {
		if (text === "") return {};
		const read = names.safeParse(toJson(text));
		return read.success ? read.data : fail();
	},
);
