/** What a body asks for, as far as it tells what the call may cost. */
import type { HoldAsk, ModelSlot } from "../domain/hold-amount.ts";
import type { Finding, Scan } from "./scan/finding.ts";

/** Tools that run at the client; every other type that is not `custom` runs at upstream, or may. */
const clientTools = /^(custom|function|bash|text_editor|computer|memory)(_|$)/;

interface Draft {
	textBytes: number;
	images: number;
	unsized: boolean;
	elsewhere: boolean;
	serverTools: boolean;
	continuesThread: boolean;
	compacts: boolean;
	cacheWrite: HoldAsk["cacheWrite"];
	maxTokens: number | null;
	speed: string | null;
	inferenceGeo: string | null;
	defaultFallbacks: boolean;
	/** Of one tool, fallback or source: their members share where their object begins. */
	tools: Groups;
	fallbacks: Groups;
	sources: Groups;
}

/** Null: none, as in most calls. */
type Groups = Map<number, Members> | null;

const list = (groups: Groups): readonly Members[] =>
	groups === null ? noMembers : [...groups.values()];

const noMembers: readonly Members[] = [];

interface Members {
	type?: string;
	name?: string;
	model?: string;
	maxTokens?: number;
	speed?: string;
	maxUses?: number;
	mediaType?: string;
	/** Bytes of `data`, of `url`. */
	dataBytes?: number;
	urlBytes?: number;
}

type Reader = (draft: Draft, finding: Finding) => void;

const text = (value: unknown): string => String(value);
const count = (value: unknown): number => Number(value);
const length = ({ start, end }: Finding): number => end - start;

/** Puts a member of an object that occurs several times beside its other members. */
const member =
	<K extends keyof Members>(
		of: "tools" | "fallbacks" | "sources",
		name: K,
		read: (finding: Finding) => Members[K],
	): Reader =>
	(draft, finding) => {
		draft[of] ??= new Map();
		const members = draft[of].get(finding.parent) ?? {};
		members[name] = read(finding);
		draft[of].set(finding.parent, members);
	};

const toValue = (finding: Finding) => text(finding.value);
const toCount = (finding: Finding) => count(finding.value);

const asksForCaching: Reader = (draft) => {
	if (draft.cacheWrite === "none") draft.cacheWrite = "5m";
};
const namesFile: Reader = (draft) => {
	draft.unsized = true;
	draft.elsewhere = true;
};
const runsTools: Reader = (draft) => {
	draft.serverTools = true;
};

/** By slot of the scanner's table. To let one more member raise the hold, add a row. */
const readers: Readonly<Record<string, Reader>> = {
	"call.max_tokens": (draft, { value }) => {
		draft.maxTokens = Math.max(draft.maxTokens ?? 0, count(value));
	},
	"call.max_completion_tokens": (draft, { value }) => {
		draft.maxTokens = Math.max(draft.maxTokens ?? 0, count(value));
	},
	"call.speed": (draft, { value }) => {
		draft.speed = text(value);
	},
	"call.inference_geo": (draft, { value }) => {
		draft.inferenceGeo = text(value);
	},
	"call.thread": (draft) => {
		draft.continuesThread = true;
	},
	"call.context_management": (draft, { value }) => {
		draft.compacts = JSON.stringify(value).includes('"compact');
	},
	"call.mcp_servers": runsTools,
	"skill.skill_id": runsTools,
	"call.fallbacks": (draft) => {
		draft.defaultFallbacks = true;
	},
	"fallback.model": member("fallbacks", "model", toValue),
	"fallback.speed": member("fallbacks", "speed", toValue),
	"fallback.max_tokens": member("fallbacks", "maxTokens", toCount),
	"tool.type": member("tools", "type", toValue),
	"tool.name": member("tools", "name", toValue),
	"tool.model": member("tools", "model", toValue),
	"tool.max_tokens": member("tools", "maxTokens", toCount),
	"tool.max_uses": member("tools", "maxUses", toCount),
	"source.type": member("sources", "type", toValue),
	"source.media_type": member("sources", "mediaType", toValue),
	"source.data": member("sources", "dataBytes", length),
	"source.url": member("sources", "urlBytes", length),
	"source.file_id": namesFile,
	"block.file_id": namesFile,
	"call.cache_control": asksForCaching,
	"tool.cache_control": asksForCaching,
	"tool.caching": asksForCaching,
	"block.cache_control": asksForCaching,
	"elsewhere.cache_control": asksForCaching,
	"cacheControl.ttl": (draft, { value }) => {
		// A life that we do not know is the dearer one.
		if (value !== "5m") draft.cacheWrite = "1h";
	},
};

/** What a model's price is; null where the catalog does not know it and nothing stands in. */
export type FindPrice = (model: string) => ModelSlot["price"] | null;

/** Null where no model is named whose price is known: then there is nothing to hold. */
export function toHoldAsk(
	scan: Pick<Scan, "bytes" | "findings" | "model">,
	findPrice: FindPrice,
): HoldAsk | null {
	const draft = openDraft(scan.bytes);
	for (const finding of scan.findings) readers[finding.slot]?.(draft, finding);
	for (const source of list(draft.sources)) addSource(draft, source);
	const slots = toSlots(scan.model ?? "", draft, findPrice);
	if (!isFilled(slots)) return null;
	const tools = list(draft.tools);
	return {
		slots,
		textBytes: Math.max(0, draft.textBytes),
		images: draft.images,
		unsized: draft.unsized,
		elsewhere: draft.elsewhere,
		tools: tools.length,
		builtInTools: countBuiltIn(tools),
		serverTools: draft.serverTools || tools.some(runsAtUpstream),
		continuesThread: draft.continuesThread,
		cacheWrite: draft.cacheWrite,
		inferenceGeo: draft.inferenceGeo,
		batch: false,
		webSearches: toWebSearches(tools),
		countedTokens: null,
	};
}

const isFilled = <T>(items: readonly T[]): items is readonly [T, ...T[]] =>
	items.length > 0;

const openDraft = (textBytes: number): Draft => ({
	textBytes,
	images: 0,
	unsized: false,
	elsewhere: false,
	serverTools: false,
	continuesThread: false,
	compacts: false,
	cacheWrite: "none",
	maxTokens: null,
	speed: null,
	inferenceGeo: null,
	defaultFallbacks: false,
	tools: null,
	fallbacks: null,
	sources: null,
});

/** An image costs by itself and not by its bytes; what is elsewhere or has pages has no size here. */
function addSource(draft: Draft, source: Members): void {
	const { type, mediaType = "", dataBytes = 0, urlBytes = 0 } = source;
	// Chat completions name an image by its URL, which may hold it, and give no type.
	const isChatImage = type === undefined && urlBytes > 0;
	if (isChatImage || (type === "base64" && mediaType.startsWith("image/"))) {
		draft.images += 1;
		draft.textBytes -= dataBytes + urlBytes;
	} else if (type !== undefined && type !== "text" && type !== "content") {
		draft.unsized = true;
		// All that a PDF has is in the body, though nobody sees its pages.
		if (type !== "base64") draft.elsewhere = true;
	}
}

const typeOf = ({ type }: Members): string => type ?? "custom";

const runsAtUpstream = (tool: Members): boolean =>
	!clientTools.test(typeOf(tool));

function countBuiltIn(tools: readonly Members[]): number {
	let count = 0;
	for (const tool of tools) {
		const type = typeOf(tool);
		if (type !== "custom" && type !== "function") count += 1;
	}
	return count;
}

function toWebSearches(tools: readonly Members[]): HoldAsk["webSearches"] {
	if (tools.length === 0) return noSearches;
	return tools
		.filter(({ type }) => type?.startsWith("web_search"))
		.map(({ maxUses }) => maxUses ?? null);
}

const noSearches: readonly never[] = [];

/** As nearly all: one model, run once. */
const isPlain = ({ fallbacks, tools, compacts, defaultFallbacks }: Draft) =>
	fallbacks === null && tools === null && !compacts && !defaultFallbacks;

/** The name of no model: the dearest of all stands in for what upstream chooses itself. */
const anyModel = "";

function toSlots(
	model: string,
	draft: Draft,
	findPrice: FindPrice,
): readonly ModelSlot[] {
	const { maxTokens, speed, compacts, defaultFallbacks } = draft;
	if (isPlain(draft)) {
		const price = findPrice(model);
		return price === null ? [] : [{ price, maxTokens, speed }];
	}
	const own = { model, maxTokens, speed };
	const fallbacks = list(draft.fallbacks).map((fallback) => ({
		model: fallback.model ?? anyModel,
		maxTokens: fallback.maxTokens ?? maxTokens,
		speed: fallback.speed ?? speed,
	}));
	const advisors = list(draft.tools)
		.filter((tool) => tool.model !== undefined)
		.map((tool) => ({
			model: tool.model ?? anyModel,
			maxTokens: tool.maxTokens ?? null,
			speed,
		}));
	const asked = [
		own,
		...(compacts ? [own] : []),
		...(defaultFallbacks ? [{ ...own, model: anyModel }] : []),
		...fallbacks,
		...advisors,
	];
	return asked.flatMap((slot) => {
		const price = findPrice(slot.model);
		return price === null
			? []
			: [{ price, maxTokens: slot.maxTokens, speed: slot.speed }];
	});
}
