/** What is told of budgets that run out. */
import { getLogger } from "@logtape/logtape";
import { toBudgetNews } from "../domain/budget-news.ts";
import { toDollarText, toNanos } from "../domain/nanos.ts";
import type { OnSpent } from "../limits/counter.ts";

/** Once for every part of a budget that is used up. */
export const tellBudget: OnSpent = (limit, before, more) => {
	const news = toBudgetNews(limit, before, before + more);
	if (news === null) return;
	const { kind, id } = limit.subject;
	getLogger(["tollway", "budget"]).warning(
		"{event}: {kind} {id} has spent {spent} of {budget} dollars ({percent} %).",
		{
			event: news.event,
			kind,
			id: id.replace("\t", " "),
			model: limit.model,
			percent: news.percent,
			spent: toDollarText(toNanos(news.spent)),
			budget: toDollarText(toNanos(limit.ceiling)),
		},
	);
};
