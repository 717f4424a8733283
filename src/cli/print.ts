import type { Output } from "./world.ts";

/**
 * Resolves when the system has taken the text: the process ends right after, and would take along what a slow reader of
 * the pipe has left (more than 64 KB, Bun 1.4.5). A reader that has gone has had what it wanted.
 */
export const print = (output: Output, text: string): Promise<void> =>
	new Promise((resolve) => output.write(text, () => resolve()));
