/** Which database the settings name together, and what is wrong with how they do. */
import type { DatabaseAddress, DatabaseUrl } from "../store/database-url.ts";
import type { PostgresParts } from "../store/postgres-parameters.ts";
import { type PostgresDatabase, toPostgres } from "../store/postgres-url.ts";
import { databaseSettings } from "./database-settings.ts";
import { judgePem } from "./judge-pem.ts";
import type { Judged } from "./rules.ts";
import type { SettingKey, Values } from "./settings.ts";
import { pathsOf, type Sources, toAbsolute } from "./sources.ts";

type DatabaseKey = keyof typeof databaseSettings;
type DatabaseValues = Pick<Values, DatabaseKey>;

export const databaseKeys = Object.keys(databaseSettings) as DatabaseKey[];

export interface Surroundings {
	readonly dataDir: string;
	readonly sources: Sources;
	/** How the user wrote the setting. */
	nameOf(key: SettingKey): string;
}

/** The setting that names the database; null: none does, so it is a file in the data folder. */
export function findDecisive(
	values: DatabaseValues,
): "databaseUrl" | "databaseHost" | null {
	if (values.databaseUrl !== null) return "databaseUrl";
	return values.databaseHost === null ? null : "databaseHost";
}

/** Absolute paths. What is missing is empty: `judgeDatabase` forbids the start. */
export function toDatabase(
	values: DatabaseValues,
	{ dataDir, sources, nameOf }: Surroundings,
): DatabaseAddress {
	const { databaseUrl } = values;
	const decisive = findDecisive(values);
	if (decisive === null) {
		const path = pathsOf(sources.platform).join(dataDir, "tollway.db");
		return { kind: "sqlite", path };
	}
	if (databaseUrl?.kind === "sqlite") {
		return { kind: "sqlite", path: toAbsolute(sources, databaseUrl.path) };
	}
	const said = databaseUrl?.parts ?? toPlace(values);
	const parts = { ...toAddition(values), ...said };
	const database = toPostgres(parts, nameOf(decisive));
	const { mode, caPath } = database.tls;
	const absolute = caPath === null ? null : toAbsolute(sources, caPath);
	return { ...database, tls: { mode, caPath: absolute } };
}

/** The server as single variables name it. */
function toPlace(values: DatabaseValues): PostgresParts {
	const { databaseHost, databasePort, databaseUser, databaseName } = values;
	return {
		...(databasePort !== null && { port: databasePort }),
		...databaseHost,
		...(databaseUser !== null && { user: databaseUser }),
		...(databaseName !== null && { database: databaseName }),
	};
}

/** What single variables say of any server, for a URL that leaves it open too. */
function toAddition(values: DatabaseValues): PostgresParts {
	const { databasePassword, databaseTls, databaseCaPath } = values;
	return {
		...(databasePassword !== null && { password: databasePassword }),
		...(databaseTls !== null && { tlsMode: databaseTls }),
		...(databaseCaPath !== null && { caPath: databaseCaPath }),
		...(values.databaseUnprepared && { prepare: false }),
	};
}

export function judgeDatabase(judged: Judged): void {
	const { databaseUrl, databaseHost } = judged.values;
	if (databaseUrl !== null) judgeUrl(databaseUrl, judged);
	else if (databaseHost !== null) judgeServer(judged);
	else judgeUnused(judged);
	judgeCertificates(judged);
}

const toList = (names: readonly string[]): string =>
	names.join(", ").replace(/, ([^,]+)$/, " and $1");

function judgeUrl(url: DatabaseUrl, { values, nameOf, warn }: Judged): void {
	const name = nameOf("databaseUrl");
	const { dropped } = url;
	if (dropped.length > 0) {
		const where = dropped.includes("schema")
			? "; the tables are always in the schema tollway"
			: "";
		warn(
			`${name} holds ${toList(dropped)}, which ${dropped.length > 1 ? "have" : "has"} no effect here${where}.`,
		);
	}
	const differing = findDiffering(values, url).map(nameOf);
	if (differing.length > 0) {
		warn(`${name} and ${toList(differing)} differ; ${name} is used.`);
	}
}

/** Single variables that name another place than the URL. */
function findDiffering(
	values: DatabaseValues,
	url: DatabaseUrl,
): readonly DatabaseKey[] {
	const single = toPostgres({ ...toAddition(values), ...toPlace(values) }, "");
	const named: PostgresDatabase | null =
		url.kind === "sqlite"
			? null
			: toPostgres({ ...toAddition(values), ...url.parts }, "");
	const rows = [
		["databaseHost", "host"],
		["databasePort", "port"],
		["databaseUser", "user"],
		["databasePassword", "password"],
		["databaseName", "database"],
	] as const;
	return rows
		.filter(
			([key, part]) => values[key] !== null && single[part] !== named?.[part],
		)
		.map(([key]) => key);
}

function judgeServer({ values, nameOf, problem, warn }: Judged): void {
	const host = nameOf("databaseHost");
	for (const [key, what] of [
		["databaseUser", "the user to log in as"],
		["databaseName", "the name of a database"],
	] as const) {
		if (values[key] !== null) continue;
		problem(
			`${nameOf(key)} is not set; expected ${what}, since ${host} names a PostgreSQL server (unset ${host} to keep everything in the embedded database).`,
		);
	}
	const { databaseHost, databasePort } = values;
	if (databasePort === null || databaseHost?.port === undefined) return;
	if (databasePort === databaseHost.port) return;
	const port = nameOf("databasePort");
	warn(`${host} and ${port} name different ports; ${host}'s is used.`);
}

/** What a call cost that no server knows of must be kept somewhere else, and there is nowhere else yet. */
export function judgeServing(judged: Judged): void {
	const { values, sources, nameOf, warn } = judged;
	const { kind } = toDatabase(values, { dataDir: "", sources, nameOf });
	if (kind === "sqlite" || values.ledgerDown === "refuse") return;
	warn(
		`${nameOf("ledgerDown")}=serve has no effect with a PostgreSQL server: while it takes nothing, calls that cost money are refused.`,
	);
}

/** A name such as DATABASE_NAME may well be meant for another program. */
function judgeUnused({ values, nameOf, warn }: Judged): void {
	const given = databaseKeys.filter(
		(key) => values[key] !== null && values[key] !== false,
	);
	if (given.length === 0) return;
	warn(
		`${toList(given.map(nameOf))} ${given.length > 1 ? "have" : "has"} no effect: neither DATABASE_URL nor DATABASE_HOST names a PostgreSQL server.`,
	);
}

function judgeCertificates({ values, sources, nameOf, problem }: Judged): void {
	const database = toDatabase(values, { dataDir: "", sources, nameOf });
	if (database.kind === "sqlite" || database.tls.caPath === null) return;
	const inUrl =
		values.databaseUrl?.kind === "postgres" &&
		values.databaseUrl.parts.caPath !== undefined;
	const wrong = judgePem(sources, {
		name: nameOf(inUrl ? "databaseUrl" : "databaseCaPath"),
		path: database.tls.caPath,
		what: "certificate",
	});
	if (wrong !== null) problem(wrong);
}
