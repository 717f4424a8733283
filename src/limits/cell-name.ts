import type { Limit } from "../domain/limit.ts";

/** Within its subject. Two limits of one name share a count: a ceiling that is raised does not forgive what was counted. */
export function toCellName({ measure, span, model, soft }: Limit): string {
	const of = `${soft ? "soft" : measure}\n${model ?? ""}`;
	switch (span.kind) {
		case "sliding":
			return `${of}\n${span.windowMs}`;
		case "scheduled": {
			const { duration, anchorMs } = span.schedule;
			return `${of}\n${duration.count}${duration.unit}\n${anchorMs}`;
		}
		default:
			return of;
	}
}
