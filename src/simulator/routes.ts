import {
	createMemoryStore,
	deleteMemory,
	getMemoryStore,
	pollWork,
	refuseHeartbeat,
} from "./agents.ts";
import * as batches from "./batches.ts";
import type { Call } from "./call.ts";
import { createChatCompletion } from "./chat.ts";
import { createCompletion } from "./completions.ts";
import * as files from "./files.ts";
import { countTokens, createMessage } from "./messages.ts";
import { getModel, listModels } from "./models.ts";
import * as organizations from "./organizations.ts";
import type { Reply } from "./reply.ts";
import * as sessions from "./sessions.ts";
import * as skills from "./skills.ts";

export interface Rules {
	/** Whether a credential must be there, and whether an admin's. */
	access: "anyone" | "key" | "admin";
	/** Whether `anthropic-version` must be there. */
	version: boolean;
	/** Longer bodies get the API's 413. */
	limitBytes: number;
}

const megabyte = 1_048_576;
const usual: Rules = {
	access: "key",
	version: true,
	limitBytes: 32 * megabyte,
};
const open: Rules = { ...usual, access: "anyone", version: false };
const openai: Rules = { ...usual, version: false };
const admin: Rules = { ...usual, access: "admin" };
const batch: Rules = { ...usual, limitBytes: 256 * megabyte };
/** The API takes 500 MB a file; held in memory here, so larger ones are for `sink`. */
const upload: Rules = { ...usual, limitBytes: 64 * megabyte };

export type Handler = (call: Call) => Reply | Promise<Reply>;

/** With the prices, which only the reports need. */
const getUsageReport: Handler = async (call) =>
	(await import("./reports.ts")).getUsageReport(call);
const getCostReport: Handler = async (call) =>
	(await import("./reports.ts")).getCostReport(call);

const hello = (): Reply => ({ status: 200, body: { kind: "none" } });

const batchPath = "/v1/messages/batches";
const versionsPath = "/v1/skills/{id}/versions";
const eventsPath = "/v1/sessions/{id}/events";
const workPath = "/v1/environments/{id}/work";
const organizationPath = "/v1/organizations";

/** Every endpoint. `{name}` stands for one path segment; a fixed segment goes before it. */
export const routes: readonly (readonly [
	method: string,
	path: string,
	handle: Handler,
	rules: Rules,
])[] = [
	["HEAD", "/api/hello", hello, open],
	["GET", "/api/hello", hello, open],
	["POST", "/v1/messages", createMessage, usual],
	["POST", "/v1/messages/count_tokens", countTokens, usual],
	["POST", "/v1/chat/completions", createChatCompletion, openai],
	["POST", "/v1/complete", createCompletion, usual],
	["GET", "/v1/models", listModels, usual],
	["GET", "/v1/models/{id}", getModel, usual],

	["POST", batchPath, batches.createBatch, batch],
	["GET", batchPath, batches.listBatches, usual],
	["GET", `${batchPath}/{id}`, batches.getBatch, usual],
	["DELETE", `${batchPath}/{id}`, batches.deleteBatch, usual],
	["POST", `${batchPath}/{id}/cancel`, batches.cancelBatch, usual],
	["GET", `${batchPath}/{id}/results`, batches.getBatchResults, usual],

	["POST", "/v1/files", files.createFile, upload],
	["GET", "/v1/files", files.listFiles, usual],
	["GET", "/v1/files/{id}", files.getFile, usual],
	["DELETE", "/v1/files/{id}", files.deleteFile, usual],
	["GET", "/v1/files/{id}/content", files.getFileContent, usual],

	["POST", "/v1/skills", skills.createSkill, upload],
	["GET", "/v1/skills", skills.listSkills, usual],
	["GET", "/v1/skills/{id}", skills.getSkill, usual],
	["DELETE", "/v1/skills/{id}", skills.deleteSkill, usual],
	["POST", versionsPath, skills.createSkillVersion, upload],
	["GET", versionsPath, skills.listSkillVersions, usual],
	["GET", `${versionsPath}/{version}`, skills.getSkillVersion, usual],
	["DELETE", `${versionsPath}/{version}`, skills.deleteSkillVersion, usual],
	["GET", `${versionsPath}/{version}/content`, skills.getSkillContent, usual],

	["POST", "/v1/sessions", sessions.createSession, usual],
	["GET", "/v1/sessions", sessions.listSessions, usual],
	["GET", "/v1/sessions/{id}", sessions.getSession, usual],
	["DELETE", "/v1/sessions/{id}", sessions.deleteSession, usual],
	["GET", eventsPath, sessions.listSessionEvents, usual],
	["POST", eventsPath, sessions.sendSessionEvents, usual],
	["GET", `${eventsPath}/stream`, sessions.streamSessionEvents, usual],

	["GET", `${workPath}/poll`, pollWork, usual],
	["POST", `${workPath}/{work}/heartbeat`, refuseHeartbeat, usual],
	["POST", "/v1/memory_stores", createMemoryStore, usual],
	["GET", "/v1/memory_stores/{id}", getMemoryStore, usual],
	["DELETE", "/v1/memory_stores/{id}/memories/{memory}", deleteMemory, usual],

	["GET", `${organizationPath}/me`, organizations.getOrganization, usual],
	["GET", `${organizationPath}/users`, organizations.listUsers, usual],
	[
		"GET",
		`${organizationPath}/workspaces`,
		organizations.listWorkspaces,
		usual,
	],
	["GET", `${organizationPath}/usage_report/messages`, getUsageReport, admin],
	["GET", `${organizationPath}/cost_report`, getCostReport, admin],
];
