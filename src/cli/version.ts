/** `tollway version` */
import type { Build, World } from "./world.ts";

/** `tollway 0.1.0 (1a2b3c4, bun 1.4.5)` */
export function toVersionLine({ version, commit, runtime }: Build): string {
	const parts = [...(commit ? [commit.slice(0, 12)] : []), runtime];
	return `tollway ${version} (${parts.join(", ")})`;
}

export function printVersion({ build, stdout }: World, json: boolean): void {
	const { version, commit, runtime } = build;
	const text = json
		? JSON.stringify({ name: "tollway", version, commit, runtime })
		: toVersionLine(build);
	stdout.write(`${text}\n`);
}
