/** `tollway doctor` */
import { type DoctorRow, localChecks } from "./doctor-checks.ts";
import { checkDatabase } from "./doctor-database.ts";
import { checkUpstream } from "./doctor-upstream.ts";
import type { Loaded } from "./load-config.ts";
import { type LoadOptions, loadFrom } from "./load-options.ts";
import { type Style, toPlainPaint } from "./terminal.ts";
import { exitCodes, type World } from "./world.ts";

const marks: Readonly<Record<DoctorRow["status"], [string, Style]>> = {
	ok: ["✓", "green"],
	warning: ["!", "yellow"],
	failed: ["✗", "red"],
	skipped: ["-", "dim"],
};

const checkColumns = 14;

function judgeConfig({ problems, warnings }: Loaded): DoctorRow[] {
	const check = "settings";
	const rows: DoctorRow[] = [
		...problems.map(
			(message) => ({ check, status: "failed", message }) as const,
		),
		...warnings.map(
			(message) => ({ check, status: "warning", message }) as const,
		),
	];
	return rows.length > 0
		? rows
		: [{ check, status: "ok", message: "no mistakes" }];
}

/** Rows as they come: pretty on a terminal, else JSON lines. 1 when a check failed. */
export async function examine(
	world: World,
	options: LoadOptions & { readonly json: boolean },
): Promise<number> {
	const { stdout } = world;
	const paint = toPlainPaint(world, stdout);
	const rows: DoctorRow[] = [];
	const say = (row: DoctorRow) => {
		rows.push(row);
		if (options.json || !stdout.isTty) {
			stdout.write(`${JSON.stringify(row)}\n`);
			return;
		}
		const [mark, style] = marks[row.status];
		const name = paint("bold", row.check.padEnd(checkColumns));
		stdout.write(`  ${paint(style, mark)} ${name} ${row.message}\n`);
	};
	const loaded = loadFrom(world, options);
	for (const row of judgeConfig(loaded)) say(row);
	if (loaded.config) {
		for (const check of [...localChecks, checkDatabase, checkUpstream]) {
			for (const row of await check(loaded.config, world)) say(row);
		}
	}
	const failed = rows.some(({ status }) => status === "failed");
	return failed ? exitCodes.failed : exitCodes.ok;
}
