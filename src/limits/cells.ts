/** The counts of all limits that were asked for lately, found by the very lists that calls bring along. */
import type { Limit } from "../domain/limit.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import { type Cell, isAtRest, openCell, raiseHorizon, toName } from "./cell.ts";

/** A limit and where it is counted. */
export interface Place {
	readonly limit: Limit;
	readonly cell: Cell;
	/** The limit's ceiling as a number, for what is no money. */
	readonly ceiling: number;
	/** Another of the same list is counted there too: a call is taken off once. */
	readonly repeats: boolean;
}

export interface Cells {
	/** In the order of the limits; what is missing is begun. */
	placesOf(limits: readonly Limit[]): readonly Place[];
	/** The budgets of these subjects: also calls that began before one was made count in it when they end. */
	budgetsOf(subjects: readonly Subject[]): readonly Cell[];
	/** Everything of one subject. */
	ofSubject(subject: Subject): readonly Cell[];
	drop(cell: Cell): void;
	/** A call began then: from here on the ledger may have something. */
	notice(startedMs: number): void;
	size(): number;
}

export interface CellsOptions {
	/** So many at the most, if so many are not in use: those that rest longest go, and are read again when they are wanted. */
	readonly maxCells: number;
	/** From here on the ledger has nothing. */
	readonly horizonMs: number;
	/** When the operator last said what a subject has spent, since 1970; null: never. */
	readonly findReset: (subject: Subject) => number | null;
	readonly monotonic: () => number;
}

interface State {
	readonly options: CellsOptions;
	readonly byName: Map<string, Cell>;
	readonly bySubject: Map<string, Cell[]>;
	/** Lists are made once for each state of the directory, names for each call would be most of its time. */
	readonly places: WeakMap<readonly Limit[], readonly Place[]>;
	readonly budgets: WeakMap<
		readonly Subject[],
		{ readonly version: number; readonly cells: readonly Cell[] }
	>;
	/** Another number whenever a budget comes or goes. */
	version: number;
	horizonMs: number;
	/** When there are so many, those at rest are looked for. */
	sweepAt: number;
}

export function openCells(options: CellsOptions): Cells {
	const s: State = {
		options,
		byName: new Map(),
		bySubject: new Map(),
		places: new WeakMap(),
		budgets: new WeakMap(),
		version: 0,
		horizonMs: options.horizonMs,
		sweepAt: options.maxCells,
	};
	return {
		placesOf: (limits) => {
			const known = s.places.get(limits);
			return known?.every(isThere) ? known : findPlaces(s, limits);
		},
		budgetsOf: (subjects) => {
			const known = s.budgets.get(subjects);
			return known?.version === s.version
				? known.cells
				: findBudgets(s, subjects);
		},
		ofSubject: (subject) => s.bySubject.get(toSubjectName(subject)) ?? [],
		drop: (cell) => drop(s, cell),
		notice: (startedMs) => {
			if (startedMs >= s.horizonMs) s.horizonMs = startedMs + 1;
		},
		size: () => s.byName.size,
	};
}

const isThere = ({ cell }: Place): boolean => !cell.dropped;

function findPlaces(s: State, limits: readonly Limit[]): readonly Place[] {
	if (s.byName.size + limits.length > s.sweepAt) sweep(s);
	const seen = new Set<Cell>();
	const places = limits.map((limit) => {
		const cell = findCell(s, limit);
		const repeats = seen.has(cell);
		seen.add(cell);
		return { limit, cell, ceiling: Number(limit.ceiling), repeats };
	});
	s.places.set(limits, places);
	return places;
}

function findCell(s: State, limit: Limit): Cell {
	const name = toName(limit);
	const known = s.byName.get(name);
	if (known !== undefined) return known;
	const cell = openCell(name, limit, s.horizonMs);
	const saidMs = s.options.findReset(limit.subject);
	if (saidMs !== null) raiseHorizon(cell, saidMs);
	cell.usedMs = s.options.monotonic();
	s.byName.set(name, cell);
	const subject = toSubjectName(limit.subject);
	const others = s.bySubject.get(subject);
	if (others === undefined) s.bySubject.set(subject, [cell]);
	else others.push(cell);
	if (limit.measure === "nanos") s.version += 1;
	return cell;
}

function findBudgets(s: State, subjects: readonly Subject[]): readonly Cell[] {
	const cells = subjects.flatMap((subject) =>
		(s.bySubject.get(toSubjectName(subject)) ?? []).filter(isBudget),
	);
	s.budgets.set(subjects, { version: s.version, cells });
	return cells;
}

const isBudget = ({ limit }: Cell): boolean => limit.measure === "nanos";

function drop(s: State, cell: Cell): void {
	if (cell.dropped) return;
	cell.dropped = true;
	s.byName.delete(cell.name);
	const subject = toSubjectName(cell.limit.subject);
	const left = s.bySubject.get(subject)?.filter((one) => one !== cell) ?? [];
	if (left.length === 0) s.bySubject.delete(subject);
	else s.bySubject.set(subject, left);
	if (isBudget(cell)) s.version += 1;
}

/** A quarter of them goes at once, so that a new one costs little on the whole. */
const sweptShare = 0.25;

function sweep(s: State): void {
	const { maxCells, monotonic } = s.options;
	const nowMs = monotonic();
	const resting = [...s.byName.values()]
		.filter((cell) => isAtRest(cell, nowMs))
		.sort((a, b) => a.usedMs - b.usedMs);
	const surplus = Math.ceil(s.byName.size - maxCells * (1 - sweptShare));
	for (const cell of resting.slice(0, surplus)) drop(s, cell);
	// Where most are in use, they are not all looked at for every new one.
	s.sweepAt = Math.max(maxCells, Math.ceil(s.byName.size * (1 + sweptShare)));
}
