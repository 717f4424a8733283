/** Variables that look like settings but are none. */
import { litellmVariables } from "./litellm-variables.ts";
import { listSettings } from "./settings.ts";
import type { Environment } from "./sources.ts";

/** Kubernetes puts these into every pod beside a service called tollway. */
const kubernetes =
	/^TOLLWAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/;
const kubernetesPort = /^(tcp|udp|sctp):\/\//;

/** Names far enough from everyday words for a near miss to mean something. */
const hinted = /^(TOLLWAY|LITELLM|ANTHROPIC|DATABASE|SERVER|PROXY|SSL)_/;

function listNames(): Set<string> {
	return new Set(
		listSettings().flatMap(([, { variables, credential }]) =>
			variables.flatMap((name) =>
				credential ? [name, `${name}_FILE`] : [name],
			),
		),
	);
}

const squash = (name: string) => name.toUpperCase().replaceAll("_", "");

/** Levenshtein's distance, or `limit + 1` as soon as it is certain to be more. */
export function editDistance(a: string, b: string, limit: number): number {
	if (Math.abs(a.length - b.length) > limit) return limit + 1;
	let row = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let line = 1; line <= a.length; line++) {
		const next = [line];
		for (let column = 1; column <= b.length; column++) {
			const swap =
				(row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1);
			const change = Math.min(row[column] ?? 0, next[column - 1] ?? 0) + 1;
			next.push(Math.min(swap, change));
		}
		if (Math.min(...next) > limit) return limit + 1;
		row = next;
	}
	return row[b.length] ?? limit + 1;
}

function findNearest(
	name: string,
	names: Iterable<string>,
	limit: number,
): string | undefined {
	let best: string | undefined;
	let bestDistance = limit + 1;
	for (const known of names) {
		const distance = editDistance(squash(name), squash(known), limit);
		if (distance < bestDistance) [best, bestDistance] = [known, distance];
	}
	return best;
}

export interface Typos {
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
}

/**
 * A misspelt name of ours is a problem: what the operator asked for (a master key, say) would silently not be in force.
 * Other names are other programs' business; only a near miss is pointed out.
 */
export function findTypos(env: Environment): Typos {
	const names = listNames();
	const hints = [...names].filter((name) => hinted.test(name));
	const problems: string[] = [];
	const warnings: string[] = [];
	for (const [name, value] of Object.entries(env)) {
		if (!value?.trim() || names.has(name)) continue;
		if (Object.hasOwn(litellmVariables, name)) continue;
		const ours = /^TOLLWAY_/i.test(name);
		if (kubernetes.test(name)) {
			if (name !== "TOLLWAY_PORT" || kubernetesPort.test(value)) continue;
			problems.push("TOLLWAY_PORT is not a setting; did you mean PORT?");
			continue;
		}
		const nearest = findNearest(name, hints, ours ? 3 : 1);
		if (nearest) {
			const line = `${name} is not a setting; did you mean ${nearest}?`;
			(ours ? problems : warnings).push(line);
		} else if (ours) {
			warnings.push(`${name} is not a setting of this version; it is ignored.`);
		}
	}
	return { problems, warnings };
}
