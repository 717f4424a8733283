import { expect, test } from "bun:test";
import fc from "fast-check";
import {
	type Labels,
	maxLabelBytes,
	maxSpendMetadataBytes,
	maxTags,
} from "../../src/domain/labels.ts";
import { toLabels } from "../../src/gateway/attribute.ts";
import { labelSlots } from "../../src/gateway/label-places.ts";
import type { Finding } from "../../src/gateway/scan/finding.ts";
import { attribute, type Request } from "./attribute-request.ts";

const headerNames = [
	"tags",
	"user-agent",
	"x-acme-session-id",
	"x-claude-code-agent-id",
	"x-claude-code-parent-agent-id",
	"x-claude-code-session-id",
	"x-litellm-agent-id",
	"x-litellm-customer-id",
	"x-litellm-spend-logs-metadata",
	"x-litellm-tags",
	"x-litellm-trace-id",
	"x-stainless-lang",
	"x-stainless-package-version",
	"__proto__",
];

const memberNames = [
	"tags",
	"user",
	"user_id",
	"session_id",
	"trace_id",
	"spend_logs_metadata",
	"device_id",
	"account_uuid",
	"__proto__",
	"constructor",
];

/** Any text, half characters and controls included, with a liking for long ones and for those that look like ours. */
const text = fc.oneof(
	fc.string({ unit: "binary", maxLength: 40 }),
	fc
		.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
		.map((units) => String.fromCharCode(...units)),
	fc
		.tuple(
			fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
			fc.integer({ min: 50, max: 3000 }),
		)
		.map(([part, times]) => part.repeat(times)),
	fc.constantFrom(
		"user_0f_account__session_1",
		"user_0f_account_1_session_2",
		"curl/8.5.0",
		"Anthropic/JS 1.12.0",
		"a, b,a",
		"{",
		"{}",
	),
);

const { value: json } = fc.letrec<{ value: unknown; members: unknown }>(
	(tie) => ({
		members: fc.dictionary(
			fc.oneof(fc.constantFrom(...memberNames), text),
			tie("value"),
			{ maxKeys: 5 },
		),
		value: fc.oneof(
			{ depthSize: "small", withCrossShrink: true },
			text,
			fc.double(),
			fc.constantFrom(null, true, 2 ** 60),
			fc.array(tie("value"), { maxLength: 50 }),
			tie("members"),
			tie("members").map((members) => JSON.stringify(members)),
		),
	}),
);

const headers = fc.dictionary(
	fc.constantFrom(...headerNames),
	fc.oneof(
		text,
		json.map((value) => JSON.stringify(value)),
	),
	{ noNullPrototype: true },
);

const findings = fc.array(
	fc.record({
		slot: fc.constantFrom(...labelSlots, "call.model" as const),
		value: json,
	}),
	{ maxLength: 8 },
) as unknown as fc.Arbitrary<Finding[]>;

const byteLength = (label: string) => new TextEncoder().encode(label).length;

function expectLabel(label: string) {
	expect(label).toBe(label.toWellFormed());
	expect(label).toBe(label.trim());
	expect(label).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
	expect(label).not.toBe("");
	expect(byteLength(label)).toBeLessThanOrEqual(maxLabelBytes);
}

function expectSpendMetadata(json: string) {
	expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
	expect(json).toBe(json.toWellFormed());
	expect(byteLength(json)).toBeLessThanOrEqual(maxSpendMetadataBytes);
	expect(JSON.parse(json)).toBeObject();
}

test("whatever is sent: labels are bounded, clean text", () => {
	fc.assert(
		fc.property(headers, findings, (headers, findings) => {
			const { tags, spendMetadata, client, lost, ...texts } = toLabels(
				headers,
				findings,
			);
			for (const label of [...tags, ...Object.values(texts)]) {
				if (label !== null) expectLabel(label);
			}
			expect(tags.length).toBeLessThanOrEqual(maxTags);
			expect(new Set(tags).size).toBe(tags.length);
			if (spendMetadata !== null) expectSpendMetadata(spendMetadata);
			if (client !== null)
				expect(client).toMatch(/^[\w.+-]{1,65}\/[\w.+-]{1,32}$/);
		}),
		{ numRuns: 1000 },
	);
});

/** A header's value in UTF-8, as runtimes give it. */
const toHeader = (label: string | null) =>
	Buffer.from(label ?? "").toString("latin1");

/** The labels as a request. */
const toRequest = (labels: Labels): Request => ({
	headers: {
		"user-agent": toHeader(labels.userAgent),
		"x-claude-code-agent-id": toHeader(labels.agentId),
		"x-claude-code-parent-agent-id": toHeader(labels.parentAgentId),
		...toSdkHeaders(labels.client),
	},
	body: {
		litellm_metadata: {
			tags: labels.tags,
			user: labels.endUser,
			session_id: labels.sessionId,
			spend_logs_metadata: labels.spendMetadata,
		},
		metadata: {
			user_id: JSON.stringify({
				session_id: "",
				device_id: labels.deviceId,
				account_uuid: labels.accountId,
			}),
		},
	},
});

function toSdkHeaders(client: string | null): Record<string, string> {
	const [, language, version] = /^sdk-(.+)\/(.+)$/.exec(client ?? "") ?? [];
	if (language === undefined || version === undefined) return {};
	return {
		"x-stainless-lang": language,
		"x-stainless-package-version": version,
	};
}

/** Random ones rarely come upon it. */
const protoFound = [
	{
		slot: "body.litellm_metadata",
		value: { spend_logs_metadata: JSON.parse(`{"__proto__":"text"}`) },
	},
] as unknown as Finding[];

test("labels that are sent again come out the same", () => {
	fc.assert(
		fc.property(headers, findings, (headers, findings) => {
			const once = toLabels(headers, findings);
			expect(attribute(toRequest(once))).toEqual({ ...once, lost: null });
		}),
		{ numRuns: 1000, examples: [[{}, protoFound]] },
	);
});
