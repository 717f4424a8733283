/** Whether a setting names a readable file in PEM form. */
import { type Sources, toAbsolute } from "./sources.ts";

export interface NamedFile {
	/** What the user named it by: `SSL_CERTFILE_PATH`. */
	readonly name: string;
	readonly path: string;
	/** What it should be: `certificate`. */
	readonly what: string;
}

/** A sentence that says what is wrong, or null. */
export function judgePem(
	sources: Sources,
	{ name, path, what }: NamedFile,
): string | null {
	try {
		const text = sources.readFile(toAbsolute(sources, path));
		return text.includes("-----BEGIN ")
			? null
			: `${name} names ${path}, which is no ${what} in PEM form.`;
	} catch (error) {
		const { code } = error as { code?: unknown };
		const why =
			code === "ENOENT"
				? "does not exist"
				: `cannot be read (${String(code ?? "error")})`;
		return `${name} names ${path}, which ${why}.`;
	}
}
