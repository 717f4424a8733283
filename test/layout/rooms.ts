/** The rooms of src by level: an import goes to a lower level or stays in its room. Sideways and upward ones are wrong. */
const levels: readonly (readonly string[])[] = [
	["main", "writer", "reader"], // the entry files of the executable and of its workers
	["app"],
	["gateway", "admin", "dashboard", "cli", "simulator"],
	["pricing", "limits", "store", "exporters", "providers"],
	["domain"],
];

/** Beside the levels: every room but domain reaches it through `#platform`; itself it may know domain. */
const platform = "platform";

const levelOf = new Map(
	levels.flatMap((names, level) => names.map((name) => [name, level] as const)),
);

/** `src/gateway/read.ts` is in `gateway`, `src/main.ts` in `main`; null outside src and for a room nobody planned. */
export function toRoom(path: string) {
	const name = /^src\/([^/]+?)(?:\/|\.ts$)/.exec(path)?.[1] ?? "";
	return name === platform || levelOf.has(name) ? name : null;
}

export function mayImport(from: string, to: string) {
	if (from === to) return true;
	if (from === platform) return to === "domain";
	if (to === platform) return from !== "domain";
	return (levelOf.get(from) ?? Number.NaN) < (levelOf.get(to) ?? Number.NaN);
}
