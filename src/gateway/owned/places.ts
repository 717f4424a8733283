/** What callers make at upstream and may see only if it is theirs: where it stands in paths, queries and bodies. */
import type { OwnedObject } from "../../store/owners.ts";
import type { Finding } from "../scan/finding.ts";
import type { Slot } from "../scan/table.ts";

interface Kind {
	readonly kind: string;
	/** Of all of them; one stands below it, and what belongs to it below that. */
	readonly path: string;
	readonly word: string;
	/** Ids that begin otherwise are Anthropic's own, which everybody may read. */
	readonly prefix: string;
}

export const kinds: readonly Kind[] = [
	{
		kind: "batches",
		path: "/v1/messages/batches",
		word: "batch",
		prefix: "",
	},
	{ kind: "files", path: "/v1/files", word: "file", prefix: "" },
	// `xlsx`, `pdf` and the like are not anybody's.
	{ kind: "skills", path: "/v1/skills", word: "skill", prefix: "skill_" },
	{ kind: "containers", path: "/v1/containers", word: "container", prefix: "" },
	{
		kind: "memory_stores",
		path: "/v1/memory_stores",
		word: "memory store",
		prefix: "",
	},
	{
		kind: "environments",
		path: "/v1/environments",
		word: "environment",
		prefix: "",
	},
	{
		kind: "user_profiles",
		path: "/v1/user_profiles",
		word: "user profile",
		prefix: "",
	},
];

export const findKind = (kind: string): Kind | undefined =>
	kinds.find((one) => one.kind === kind);

/** What a path is about. */
export interface Place {
	readonly kind: string;
	/** Null: all of them. */
	readonly id: string | null;
	/** The thing itself, nothing that belongs to it. */
	readonly isWhole: boolean;
}

/** Null: nothing of the table. */
export function toPlace(upstreamPath: string): Place | null {
	for (const { kind, path } of kinds) {
		if (upstreamPath === path) return { kind, id: null, isWhole: true };
		if (!upstreamPath.startsWith(`${path}/`)) continue;
		const [id = "", ...rest] = upstreamPath.slice(path.length + 1).split("/");
		return { kind, id, isWhole: rest.length === 0 };
	}
	return null;
}

/** Whether it is Anthropic's own, and nobody's. */
export const isBuiltIn = ({ kind, id }: OwnedObject): boolean => {
	const prefix = findKind(kind)?.prefix ?? "";
	return prefix !== "" && safeId.test(id) && !id.startsWith(prefix);
};

/** No other id is anybody's: it becomes a part of paths and of sentences. */
export const safeId = /^[\w-]{1,200}$/;

/** Where a body names one. */
const slots: ReadonlyMap<Slot, string> = new Map([
	["block.file_id", "files"],
	["source.file_id", "files"],
	["call.container", "containers"],
	["container.id", "containers"],
	["skill.skill_id", "skills"],
]);

/** What the findings of a body name; the same thing may be there several times. */
export function toNamed(findings: readonly Finding[]): OwnedObject[] {
	const named: OwnedObject[] = [];
	for (const { slot, value } of findings) {
		const kind = slots.get(slot);
		if (kind !== undefined) named.push({ kind, id: String(value) });
	}
	return named;
}

/** Members of a query that name things of the kind that is listed. */
const cursors = ["after_id", "before_id", "ids[]", "ids"] as const;

export function toAsked(kind: string, query: string): OwnedObject[] {
	if (query === "") return [];
	const members = new URLSearchParams(query);
	return cursors.flatMap((name) =>
		members.getAll(name).map((id) => ({ kind, id })),
	);
}
