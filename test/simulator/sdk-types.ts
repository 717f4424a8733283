/**
 * The simulator's objects held against the types of the official SDKs, by the compiler: `tsc` fails where one does not
 * fit. Nothing here runs.
 */
import type Sdk from "@anthropic-ai/sdk";
import type { OrganizationUser } from "@anthropic-ai/sdk/resources/organization/users";
import type { Workspace } from "@anthropic-ai/sdk/resources/organization/workspaces/workspaces";
import type OldSdk from "anthropic-sdk-0";
import type { toMemoryStore } from "../../src/simulator/agents.ts";
import type { BatchResult } from "../../src/simulator/batch-results.ts";
import type {
	toBatchObject,
	toDeletedBatch,
} from "../../src/simulator/batches.ts";
import type { toCompletion } from "../../src/simulator/completions.ts";
import type {
	toDeletedFile,
	toFile,
	toOldFile,
} from "../../src/simulator/files.ts";
import type { toModelInfo } from "../../src/simulator/models.ts";
import type {
	organization,
	user,
	workspace,
} from "../../src/simulator/organizations.ts";
import type { toSession } from "../../src/simulator/sessions.ts";
import type { BetaMessage, Message } from "../../src/simulator/shapes.ts";
import type {
	toOldSkill,
	toOldVersion,
	toSkill,
	toVersion,
} from "../../src/simulator/skills.ts";
import type {
	BetaDelta,
	BetaStreamEvent,
	StreamEvent,
} from "../../src/simulator/stream-shapes.ts";
import type {
	BetaUsage,
	Iteration,
	Usage,
} from "../../src/simulator/usage-shapes.ts";

/** Assignable to the SDK's type. */
type Fits<Ours extends Theirs, Theirs> = Ours;
/** And without a member that the SDK does not know. */
type FitsExactly<
	Ours extends Theirs & Record<Exclude<keyof Ours, keyof Theirs>, never>,
	Theirs,
> = Ours;

/** Version 1.12. */
export type Newest = [
	FitsExactly<Message, Sdk.Messages.Message>,
	FitsExactly<Usage, Sdk.Messages.Usage>,
	Fits<StreamEvent, Sdk.Messages.RawMessageStreamEvent>,
	FitsExactly<BetaMessage, Sdk.Beta.Messages.BetaMessage>,
	FitsExactly<BetaUsage, Sdk.Beta.Messages.BetaUsage>,
	Fits<Iteration[], Sdk.Beta.Messages.BetaIterationsUsage>,
	Fits<BetaStreamEvent, Sdk.Beta.Messages.BetaRawMessageStreamEvent>,
	FitsExactly<
		ReturnType<typeof toBatchObject>,
		Sdk.Messages.Batches.MessageBatch
	>,
	FitsExactly<
		ReturnType<typeof toDeletedBatch>,
		Sdk.Messages.Batches.DeletedMessageBatch
	>,
	Fits<
		Exclude<BatchResult, { type: "errored" | "succeeded" }>,
		Sdk.Messages.Batches.MessageBatchResult
	>,
	Fits<ReturnType<typeof toModelInfo>, Sdk.ModelInfo>,
	FitsExactly<ReturnType<typeof toFile>, Sdk.FileMetadata>,
	FitsExactly<ReturnType<typeof toDeletedFile>, Sdk.DeletedFile>,
	FitsExactly<ReturnType<typeof toSkill>, Sdk.Skill>,
	FitsExactly<ReturnType<typeof toVersion>, Sdk.Skills.SkillVersion>,
	FitsExactly<
		ReturnType<typeof toSession>,
		Sdk.Beta.Sessions.BetaManagedAgentsSession
	>,
	FitsExactly<
		ReturnType<typeof toMemoryStore>,
		Sdk.Beta.BetaManagedAgentsMemoryStore
	>,
	FitsExactly<typeof organization, Sdk.OrganizationInfo>,
	FitsExactly<typeof user, OrganizationUser>,
	FitsExactly<typeof workspace, Workspace>,
];

/** Version 0.120, with the shapes from before general availability. */
export type Old = [
	Fits<Message, OldSdk.Messages.Message>,
	Fits<Usage, OldSdk.Messages.Usage>,
	Fits<StreamEvent, OldSdk.Messages.RawMessageStreamEvent>,
	/** `model` may be null in an iteration of the newer one. */
	Fits<
		Omit<BetaMessage, "usage">,
		Omit<OldSdk.Beta.Messages.BetaMessage, "usage">
	>,
	Fits<BetaDelta, OldSdk.Beta.Messages.BetaRawContentBlockDelta>,
	Fits<ReturnType<typeof toBatchObject>, OldSdk.Messages.Batches.MessageBatch>,
	Fits<ReturnType<typeof toModelInfo>, OldSdk.ModelInfo>,
	FitsExactly<ReturnType<typeof toOldFile>, OldSdk.Beta.Files.BetaFileMetadata>,
	FitsExactly<
		ReturnType<typeof toOldSkill>,
		OldSdk.Beta.Skills.SkillCreateResponse
	>,
	Fits<
		ReturnType<typeof toOldVersion>,
		OldSdk.Beta.Skills.Versions.VersionCreateResponse
	>,
	FitsExactly<ReturnType<typeof toCompletion>, OldSdk.Completion>,
	Fits<
		ReturnType<typeof toSession>,
		OldSdk.Beta.Sessions.BetaManagedAgentsSession
	>,
];
