import { type Call, readBetas } from "./call.ts";
import { ApiError } from "./errors.ts";
import {
	type Part,
	readFiles,
	readParts,
	readValue,
	type UploadedFile,
} from "./multipart.ts";
import { toCursorPage } from "./pages.ts";
import { type Reply, toBinary, toJson } from "./reply.ts";
import { toZip } from "./zip.ts";

export interface SkillVersion {
	id: string;
	skillId: string;
	createdMs: number;
	files: UploadedFile[];
}

export interface Skill {
	id: string;
	displayName: string;
	createdMs: number;
	/** Newest first. */
	versions: SkillVersion[];
}

/** POST /v1/skills, multipart with several files. */
export function createSkill(call: Call): Reply {
	const { world } = call;
	const parts = readParts(call);
	const id = world.nextId("skill");
	const title =
		readValue(parts, "display_name") ?? readValue(parts, "display_title");
	const skill: Skill = {
		id,
		displayName: title ?? "Skill",
		createdMs: world.clock.now(),
		versions: [readVersion(parts, id, call)],
	};
	world.skills.add(skill);
	return toJson(toSkillObject(skill, call));
}

/** POST /v1/skills/{id}/versions. */
export function createSkillVersion(call: Call): Reply {
	const skill = call.world.skills.get(call.params.id);
	const version = readVersion(readParts(call), skill.id, call);
	skill.versions.unshift(version);
	return toJson(toVersionObject(version, call));
}

function readVersion(
	parts: readonly Part[],
	skillId: string,
	{ world }: Call,
): SkillVersion {
	return {
		id: world.nextId("skillver"),
		skillId,
		createdMs: world.clock.now(),
		files: readFiles(parts, "files"),
	};
}

export function listSkills(call: Call): Reply {
	const skills = call.world.skills.list();
	return toJson(
		toCursorPage(
			skills.map((skill) => toSkillObject(skill, call)),
			call.query,
		),
	);
}

export function getSkill(call: Call): Reply {
	return toJson(toSkillObject(call.world.skills.get(call.params.id), call));
}

export function deleteSkill({ params, world }: Call): Reply {
	const { id } = world.skills.get(params.id);
	world.skills.remove(id);
	return toJson({ id, type: "skill_deleted" });
}

export function listSkillVersions(call: Call): Reply {
	const { versions } = call.world.skills.get(call.params.id);
	return toJson(
		toCursorPage(
			versions.map((version) => toVersionObject(version, call)),
			call.query,
		),
	);
}

export function getSkillVersion(call: Call): Reply {
	return toJson(toVersionObject(findVersion(call), call));
}

/** GET …/content: the uploaded files as a zip archive. */
export function getSkillContent(call: Call): Reply {
	return toBinary(toZip(findVersion(call).files), "application/zip");
}

export function deleteSkillVersion(call: Call): Reply {
	const skill = call.world.skills.get(call.params.id);
	const { id } = findVersion(call);
	skill.versions = skill.versions.filter((version) => version.id !== id);
	return toJson({ id, type: "skill_version_deleted" });
}

function findVersion({ params, world }: Call): SkillVersion {
	const { versions } = world.skills.get(params.id);
	const found = versions.find((version) => version.id === params.version);
	if (found !== undefined) return found;
	throw new ApiError(
		"not_found_error",
		`Skill version not found: ${params.version}`,
	);
}

function wantsOldShape({ headers }: Call): boolean {
	return readBetas(headers).includes("skills-2025-10-02");
}

function toSkillObject(skill: Skill, call: Call) {
	return wantsOldShape(call) ? toOldSkill(skill) : toSkill(skill);
}

function toVersionObject(version: SkillVersion, call: Call) {
	return wantsOldShape(call) ? toOldVersion(version) : toVersion(version);
}

export function toSkill(skill: Skill) {
	const created_at = new Date(skill.createdMs).toISOString();
	return {
		id: skill.id,
		type: "skill" as const,
		display_name: skill.displayName,
		latest_version_id: skill.versions[0]?.id ?? "",
		source: { type: "custom" as const },
		created_at,
		updated_at: created_at,
	};
}

/** The shape before general availability. */
export function toOldSkill(skill: Skill) {
	const created_at = new Date(skill.createdMs).toISOString();
	return {
		id: skill.id,
		type: "skill",
		display_title: skill.displayName,
		latest_version: skill.versions[0]?.id ?? null,
		source: "custom",
		created_at,
		updated_at: created_at,
	};
}

export function toVersion(version: SkillVersion) {
	return {
		id: version.id,
		type: "skill_version" as const,
		skill_id: version.skillId,
		name: "simulated-skill",
		description: "A skill that a test uploaded",
		created_at: new Date(version.createdMs).toISOString(),
	};
}

export function toOldVersion(version: SkillVersion) {
	return {
		...toVersion(version),
		version: version.id,
		directory: "simulated-skill",
	};
}
