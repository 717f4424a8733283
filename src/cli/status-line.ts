import type { World } from "./world.ts";

const everyMs = 200;

/** A line that is written over, on a terminal; elsewhere nothing. */
export function openStatusLine({
	stderr,
	clock,
}: Pick<World, "stderr" | "clock">) {
	let shownMs = Number.NEGATIVE_INFINITY;
	let isShown = false;
	return {
		show: (text: string) => {
			if (!stderr.isTty || clock.monotonic() - shownMs < everyMs) return;
			shownMs = clock.monotonic();
			isShown = true;
			stderr.write(`\r  ${text}`);
		},
		clear: () => {
			if (isShown) stderr.write("\r\x1b[K");
			isShown = false;
		},
	};
}
