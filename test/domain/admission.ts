/** Admission as a keeper of limits does it, in memory and in a few lines: what the arithmetic must make safe. */

import {
	type Balance,
	emptyBalance,
	release,
	reserve,
	settle,
} from "../../src/domain/balance.ts";
import { type Claim, judge, type Verdict } from "../../src/domain/judge.ts";
import type { Limit } from "../../src/domain/limit.ts";
import {
	forever,
	isIn,
	type Window,
	windowAt,
} from "../../src/domain/window.ts";

export interface Admitted {
	readonly amounts: readonly bigint[];
	/** One for each limit, for good. */
	readonly windows: readonly Window[];
}

export interface Keeper {
	/** An amount for each limit. */
	admit(amounts: readonly bigint[], nowMs: number): Admitted | Verdict;
	settle(call: Admitted, actual: readonly bigint[]): void;
	release(call: Admitted): void;
	/** Balances by limit and start of their window. */
	readonly balances: ReadonlyMap<string, Balance>;
}

export const toBalanceKey = (limit: number, { startMs }: Window): string =>
	`${limit}@${startMs}`;

export function openKeeper(limits: readonly Limit[]): Keeper {
	const balances = new Map<string, Balance>();
	const windows = limits.map(() => forever);
	const windowOf = (limit: Limit, i: number, nowMs: number) => {
		const window = windows[i] ?? forever;
		if (limit.span.kind !== "scheduled") return window;
		if (window !== forever && isIn(window, nowMs)) return window;
		windows[i] = windowAt(limit.span.schedule, nowMs);
		return windows[i];
	};
	const change = (
		call: Admitted,
		to: (balance: Balance, i: number) => Balance,
	) =>
		call.windows.forEach((window, i) => {
			const key = toBalanceKey(i, window);
			balances.set(key, to(balances.get(key) ?? emptyBalance, i));
		});
	return {
		balances,
		admit(amounts, nowMs) {
			const call = {
				amounts,
				windows: limits.map((limit, i) => windowOf(limit, i, nowMs)),
			};
			const claims = limits.map((limit, i): Claim => {
				const key = toBalanceKey(i, call.windows[i] ?? forever);
				const balance = balances.get(key) ?? emptyBalance;
				return { limit, balance, amount: amounts[i] ?? 0n };
			});
			const verdict = judge(claims);
			if (verdict !== null) return verdict;
			change(call, (balance, i) => reserve(balance, amounts[i] ?? 0n));
			return call;
		},
		settle: (call, actual) =>
			change(call, (balance, i) =>
				settle(balance, {
					held: call.amounts[i] ?? 0n,
					actual: actual[i] ?? 0n,
				}),
			),
		release: (call) =>
			change(call, (balance, i) => release(balance, call.amounts[i] ?? 0n)),
	};
}
