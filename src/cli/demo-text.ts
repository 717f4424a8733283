/** How the demo's results look. */
import { toDurationText, toSizeText } from "./call-line.ts";
import type { DemoResult } from "./demo.ts";
import { escapeControls } from "./safe-text.ts";
import type { Paint } from "./terminal.ts";
import type { DemoCall, World } from "./world.ts";

const modelColumns = 18;
const tokenColumns = 5;
/** Input, output and one kind of cache. */
const tokensColumns = 32;

/** `in    12 out    34 cached 1,024`, or what else the reply was. */
function toTokens({ summary }: DemoResult): string {
	const counts = [
		["in", summary.inputTokens],
		["out", summary.outputTokens],
		["cached", summary.cacheReadTokens || null],
		["stored", summary.cacheWriteTokens || null],
	] as const;
	const parts = counts.flatMap(([name, count]) =>
		count === null
			? []
			: [`${name} ${count.toLocaleString("en-US").padStart(tokenColumns)}`],
	);
	if (summary.errorType !== null) return escapeControls(summary.errorType);
	return parts.length > 0 ? parts.join(" ") : toSizeText(summary.bytes);
}

const toRoute = ({ method, path }: DemoCall) =>
	`${method} ${path.replace(/\?.*$/, "")}`;

const widest = (texts: readonly string[]) =>
	Math.max(0, ...texts.map(({ length }) => length));

/** Mark, status and time with the spaces around them. */
const fixedColumns = 18;

/** Every row alike: where the terminal is narrow the route goes first, then the model. */
function toLayout(titleColumns: number, { demoCalls, stdout }: DemoView) {
	const columns = stdout.columns ?? Number.POSITIVE_INFINITY;
	const left = columns - fixedColumns - titleColumns - tokensColumns;
	const model = left - modelColumns - 1;
	return {
		model: model >= 0,
		route: model >= widest(demoCalls.map(toRoute)) + 1,
	};
}

type DemoView = Pick<World, "demoCalls" | "stdout">;

/** One line. */
export function toCallRow(
	result: DemoResult,
	view: DemoView,
	paint: Paint,
): string {
	const { call, status, tookMs, summary, asExpected } = result;
	const style = asExpected ? "green" : "red";
	const titleColumns = widest(view.demoCalls.map(({ title }) => title));
	const layout = toLayout(titleColumns, view);
	const model = escapeControls(summary.model ?? "").padEnd(modelColumns);
	const tokens = toTokens(result);
	return [
		`  ${paint(style, asExpected ? "✓" : "✗")}`,
		`${call.title.padEnd(titleColumns)} `,
		paint(style, String(status)),
		`${toDurationText(tookMs).padStart(6)} `,
		...(layout.model ? [paint("cyan", model)] : []),
		...(layout.route
			? [tokens.padEnd(tokensColumns), paint("dim", toRoute(call))]
			: [tokens]),
	].join(" ");
}

/** One call to paste. */
export function toCurlLines(url: string): string[] {
	const body = JSON.stringify({
		model: "claude-sonnet-5-5",
		max_tokens: 64,
		messages: [{ role: "user", content: "Hello" }],
	});
	return [
		`curl ${url}/anthropic/v1/messages \\`,
		"  -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' \\",
		`  -d '${body}'`,
	];
}
