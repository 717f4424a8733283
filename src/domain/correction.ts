/** What a correction says of its Entry: how that stood, and how it stands since. */
import type { Entry, TruthState } from "./entry.ts";
import { type Nanos, readDecimal, toDollarText, toNanos } from "./nanos.ts";

/** What an Entry is worth, its corrections included; null: unpriced. */
export interface Worth {
	readonly state: TruthState;
	readonly nanos: Nanos | null;
}

export interface Correction {
	/** 1 for the first of its Entry. */
	readonly number: number;
	readonly was: Worth;
	readonly is: Worth;
}

const places = 9;

const toJson = ({ state, nanos }: Worth) => ({
	state,
	cost: nanos === null ? null : toDollarText(nanos),
});

/** For the metadata of a correction, as compact JSON; dollars. */
export const toCorrectionText = ({ number, was, is }: Correction): string =>
	JSON.stringify({ correction: { number, was: toJson(was), is: toJson(is) } });

const states: ReadonlySet<unknown> = new Set<TruthState>([
	"exact",
	"estimated",
	"partial",
	"unpriced",
]);

/** The way back; null for what no gateway has written. */
export function readCorrection({
	metadata,
}: Pick<Entry, "metadata">): Correction | null {
	const said = parse(metadata ?? "null");
	const was = readWorth(said?.was);
	const is = readWorth(said?.is);
	const number = said?.number;
	if (was === null || is === null) return null;
	return Number.isSafeInteger(number)
		? { number: Number(number), was, is }
		: null;
}

type Said = Readonly<Record<"number" | "was" | "is", unknown>>;

function parse(text: string): Said | null {
	try {
		return (
			(JSON.parse(text) as { correction?: Said } | null)?.correction ?? null
		);
	} catch {
		return null; // a damaged row, which is what the caller is told
	}
}

function readWorth(said: unknown): Worth | null {
	const { state, cost } = (said ?? {}) as { state?: unknown; cost?: unknown };
	if (!states.has(state)) return null;
	const nanos = typeof cost === "string" ? readDecimal(cost, places) : cost;
	if (nanos === undefined || (nanos === null) !== (state === "unpriced")) {
		return null;
	}
	return {
		state: state as TruthState,
		nanos: typeof nanos === "bigint" ? toNanos(nanos) : null,
	};
}

/** How an Entry stands. @param corrections its own, the first one first */
export function toWorth(entry: Entry, corrections: readonly Entry[]): Worth {
	const last = corrections.at(-1);
	const said = last && readCorrection(last);
	return said?.is ?? { state: entry.state, nanos: entry.cost };
}
