/**
 * `bun run migrations <name>`: what changed in src/store/tables.ts becomes a migration for each engine. drizzle-kit finds
 * the difference; here SQLite's tables get what it cannot say, and all migrations become one module, because an
 * executable holds no folder of files.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.ts";
import { say } from "./say.ts";

const engines = [
	{ name: "sqlite", dialect: "sqlite" },
	{ name: "postgres", dialect: "postgresql" },
] as const;

const breakpoint = "--> statement-breakpoint";

process.chdir(projectRoot);
const [name] = process.argv.slice(2);
if (name === undefined) {
	say("usage: bun run migrations <name>");
	process.exit(2);
}
for (const engine of engines) {
	const folder = join("src/store/migrations", engine.name);
	const before = listFiles(folder);
	const made = Bun.spawnSync(
		[
			process.execPath,
			"--bun",
			"node_modules/.bin/drizzle-kit",
			"generate",
			...["--dialect", engine.dialect],
			...["--schema", `src/store/schema-${engine.name}.ts`],
			...["--out", folder, "--name", name],
		],
		{ stdio: ["ignore", "ignore", "inherit"] },
	);
	if (!made.success) process.exit(1);
	const added = listFiles(folder).filter((file) => !before.includes(file));
	for (const file of added) {
		const path = join(folder, file);
		const text = readFileSync(path, "utf8");
		if (engine.name === "sqlite") writeFileSync(path, toClustered(text));
		say(`${path}: made`);
	}
	if (added.length === 0) say(`${folder}: nothing changed`);
	writeModule(engine.name, folder);
}

function listFiles(folder: string): string[] {
	try {
		return readdirSync(folder)
			.filter((file) => file.endsWith(".sql"))
			.sort();
	} catch {
		return []; // the first migration makes it
	}
}

/** Every table has a primary key, and its rows lie in the order of it; values are of the column's type. */
function toClustered(sql: string): string {
	return sql.replace(
		/^(CREATE TABLE .*?\n)\)(;?)$/gms,
		"$1) WITHOUT ROWID, STRICT$2",
	);
}

function writeModule(engine: string, folder: string): void {
	const rows = listFiles(folder).map((file) => {
		const sql = readFileSync(join(folder, file), "utf8");
		const statements = sql
			.split(breakpoint)
			.map((statement) => `\`${statement.trim().replace(/[`\\$]/g, "\\$&")}\``);
		return `\t{\n\t\tname: "${file.replace(/\.sql$/, "")}",\n\t\tstatements: [\n${statements.join(",\n")},\n\t\t],\n\t},\n`;
	});
	const path = `src/store/migrations/${engine}.ts`;
	writeFileSync(
		path,
		`/** Made by \`bun run migrations\` from ${engine}/*.sql; do not edit. */\nimport type { Migration } from "../migrate.ts";\n\nexport const ${engine}Migrations: readonly Migration[] = [\n${rows.join("")}];\n`,
	);
	Bun.spawnSync([
		"node_modules/.bin/biome",
		"format",
		"--write",
		path,
		`${folder}/meta`,
	]);
}
