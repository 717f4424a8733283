/** Keys for the benchmark, made by the management API of a gateway without a master key. */

/** With a budget and three limits that no load reaches. */
export const dearKey = "sk-bench-with-all-limits-0123456789";
/** Its budget is spent. */
export const spentKey = "sk-bench-that-is-spent-0123456789";

const many = 10_000;
/** Requests at a time while they are made. */
const atOnce = 50;

export async function makeKeys(url: string): Promise<void> {
	await make(url, {
		key: dearKey,
		max_budget: 9_000_000,
		budget_duration: "30d",
		rpm_limit: 1e12,
		tpm_limit: 1e12,
		max_parallel_requests: 1e6,
	});
	await make(url, { key: spentKey, max_budget: 1, spend: 1 });
}

/** As many more, each with limits of its own. */
export async function makeMany(url: string): Promise<void> {
	const fields = { max_budget: 10, budget_duration: "30d", rpm_limit: 60 };
	for (let made = 0; made < many; made += atOnce) {
		await Promise.all(Array.from({ length: atOnce }, () => make(url, fields)));
	}
}

async function make(url: string, fields: object): Promise<void> {
	const reply = await fetch(`${url}/key/generate`, {
		method: "POST",
		body: JSON.stringify(fields),
	});
	const text = await reply.text();
	if (!reply.ok) throw new Error(`no key was made: ${text}`);
}
