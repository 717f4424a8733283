/** `tollway reconcile` */
import type { Given, ReportFormat } from "./command-options.ts";
import { print } from "./print.ts";
import { toMetrics } from "./reconcile-metrics.ts";
import { toReconcileText } from "./reconcile-text.ts";
import { type Reconciled, readReconciled } from "./reconciled.ts";
import { toSafeJson } from "./safe-json.ts";
import { toPlainPaint } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { withApi } from "./with-api.ts";
import { exitCodes, type World } from "./world.ts";

/** Both sides were not there to be compared. */
const notCompared = 2;

/** A table on a terminal, else JSON. Resolves with the exit code: 0 they agree, 1 they drift apart, 2 not compared. */
export async function reconcile(world: World, given: Given): Promise<number> {
	const { stdout } = world;
	const format = toFormat(given, stdout.isTty);
	return withApi(
		{ world, given },
		async (api) => {
			const path = "/spend/reconcile";
			const answer = await api.ask({
				method: "GET",
				path,
				query: toQuery(given),
			});
			const found = readReconciled(answer);
			await print(stdout, `${forms[format](found, world)}\n`);
			return found.ok ? exitCodes.ok : exitCodes.failed;
		},
		{ failedCode: notCompared },
	);
}

function toFormat({ format, json }: Given, isTty: boolean): ReportFormat {
	if (!json) return format ?? (isTty ? "table" : "json");
	if (format === undefined || format === "json") return "json";
	throw new UsageError(`--json and --format ${format}: give one of them`);
}

const forms: Readonly<
	Record<ReportFormat, (found: Reconciled, world: World) => string>
> = {
	table: (found, world) =>
		toReconcileText(found, toPlainPaint(world, world.stdout)),
	json: toSafeJson,
	prometheus: (found, { clock }) => toMetrics(found, clock.now()),
};

function toQuery(given: Given): Record<string, string> {
	const { since, until, workspace, tolerance, tokenTolerance } = given;
	return {
		...(since !== undefined && { start_date: since }),
		...(until !== undefined && { end_date: until }),
		...(workspace !== undefined && { workspace }),
		...(tolerance !== undefined && { tolerance }),
		...(tokenTolerance !== undefined && { token_tolerance: tokenTolerance }),
	};
}
