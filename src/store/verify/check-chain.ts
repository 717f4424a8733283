import type { SqlValue } from "../../platform/contract.ts";
import { firstLink, type Link, toLink } from "../chain.ts";
import type { Findings } from "./findings.ts";

/** I-04: whether one writer's rows follow each other without a gap, each with the hash that it and those before it make. */
export interface ChainCheck {
	/** The next row: all columns in the order of the table. */
	row(row: readonly SqlValue[]): void;
	/** @param until the last seq that there must be */
	end(until: number): void;
}

/** A row whose hash is not what it should be. Whether the row or the hash was changed, the next row tells. */
interface Suspect extends Link {
	readonly id: string;
}

/** @param start where the chain begins: its checkpoint, if older rows were deleted */
export function openChainCheck(
	writer: number,
	findings: Findings,
	start: Link = firstLink,
): ChainCheck {
	let link = start;
	let suspect: Suspect | null = null;
	const blame = (kind: "changed" | "hash") => {
		if (suspect === null) return;
		const { seq, id } = suspect;
		if (kind === "changed" && start.seq > 0 && seq === start.seq + 1) {
			const detail =
				"The first row does not go on from the checkpoint: one of the two was changed.";
			findings.add("checkpoint", { writer, seq, id, detail });
			suspect = null;
			return;
		}
		const detail =
			kind === "hash"
				? "The hash was changed: the next row was written behind another one."
				: "The row does not give the hash that was written with it.";
		findings.add(kind, { writer, seq, id, detail });
		suspect = null;
	};
	const miss = (until: number) => {
		blame("changed");
		const seq = link.seq + 1;
		const which =
			seq === until
				? `Number ${seq} is missing`
				: `Numbers ${seq} to ${until} are missing`;
		const detail = `${which}, ${until - link.seq} of this writer's rows.`;
		findings.add("missing", { writer, seq, detail });
	};
	return {
		row: (row) => {
			const seq = Number(row[1]);
			const hash = String(row.at(-1));
			const id = String(row[2]);
			if (seq !== link.seq + 1) {
				if (seq > link.seq + 1) miss(seq - 1);
				else {
					const detail = `Numbers begin with ${start.seq + 1}, and each is there once.`;
					findings.add("place", { writer, seq, id, detail });
				}
				// Its own hash needs the one that is gone; the next row is held against it.
				if (seq > link.seq) link = { seq, hash };
				return;
			}
			const columns = JSON.stringify(row.slice(2, -1));
			const wanted = toLink(link, writer, columns);
			if (wanted.hash === hash) blame("changed");
			else if (suspect && toLink(suspect, writer, columns).hash === hash) {
				blame("hash");
			} else {
				blame("changed");
				suspect = { seq, hash: wanted.hash, id };
			}
			link = { seq, hash };
		},
		end: (until) => {
			if (link.seq < until) miss(until);
			blame("changed");
		},
	};
}
