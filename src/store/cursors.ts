/**
 * How far each exporter has delivered the ledger: (exporter, writer) → seq. While an exporter has a cursor at all, retention
 * keeps what it has not delivered, of writers without one too, until the grace period is over; then it is counted.
 */
import type { Engine } from "./engine.ts";
import type { RetentionQueries } from "./retention-queries.ts";

export interface Cursor {
	/** The last Entry delivered; 0: none. */
	readonly seq: number;
	/** Entries that were deleted before they were delivered, ever. */
	readonly missed: number;
}

/** All of it rejects with StoreError. */
export interface Cursors {
	/** By writer. */
	read(): Promise<ReadonlyMap<number, Cursor>>;
	/** Never moves backward. With 0 the exporter makes itself known, before it has delivered anything. */
	advance(writer: number, seq: number): Promise<void>;
	/** The exporter is no more: nothing is kept for it. */
	forget(): Promise<void>;
}

export interface CursorsOptions {
	readonly engine: Engine;
	readonly queries: { readonly retention: RetentionQueries };
}

export const openCursors = (
	exporter: string,
	{ engine, queries: { retention } }: CursorsOptions,
): Cursors => ({
	read: async () => {
		const rows = await engine.readInOrder(retention.cursorsOf({ exporter }));
		return new Map(
			rows.map(([writer, seq, missed]) => [
				Number(writer),
				{ seq: Number(seq), missed: Number(missed) },
			]),
		);
	},
	advance: (writer, seq) =>
		engine.commit([retention.setCursor({ exporter, writer, seq })], false),
	forget: () => engine.commit([retention.dropCursors({ exporter })], false),
});
