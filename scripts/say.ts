/** A line of progress or complaint, to stderr (`console.error` would colour it red on a terminal). */
export function say(line: string) {
	process.stderr.write(`${line}\n`);
}
