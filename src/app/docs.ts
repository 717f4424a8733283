/** The API's description, for programs and for people. It holds nothing of this gateway but its version and address. */
import type { DocsPage } from "../admin/docs-page.ts";
import type { ManagedRoute } from "../admin/route.ts";
import type { Arrival } from "../gateway/open-call.ts";
import { openLazy } from "../store/lazy.ts";
import type { Routes } from "./routes.ts";

export interface DocsState {
	readonly version: string;
	/** Of the address at which clients reach us: `/` or `/prefix`. */
	readonly rootPath: string;
	/** Where the client reaches us, without a slash at its end. */
	readonly toBase: (arrival: Arrival) => string;
	readonly openTables: () => Promise<readonly ManagedRoute<never>[]>;
}

/** The description may change with the next version. */
const headers = {
	"cache-control": "no-cache",
	"x-content-type-options": "nosniff",
};

const jsonHeaders = { ...headers, "content-type": "application/json" };

/** Whoever calls may read it, with or without a key: it is the same for every gateway of this version. */
export function addDocs(app: Routes, state: DocsState): void {
	const open = openLazy(() => openDocs(state));
	app.get("/openapi.json", async (c) =>
		c.body((await open()).json, 200, jsonHeaders),
	);
	app.get("/docs", async (c) => {
		const { html, headers: more } = (await open()).toPage(state.toBase(c.env));
		return c.html(html, 200, { ...headers, ...more });
	});
	// Relative: it holds whatever prefix a proxy has taken away.
	app.get("/redoc", (c) => c.redirect("docs"));
}

/** Not at the start: it takes all the tables, and few ever ask. */
async function openDocs({ version, rootPath, openTables }: DocsState) {
	const [{ toOpenApi }, { toDocsPage }, tables] = await Promise.all([
		import("../admin/openapi.ts"),
		import("../admin/docs-page.ts"),
		openTables(),
	]);
	const document = await toOpenApi(tables, { version, rootPath });
	// Nearly everybody reaches it at one address.
	let last: { base: string; page: DocsPage } | null = null;
	return {
		json: JSON.stringify(document),
		toPage: (base: string) => {
			if (last?.base !== base) {
				last = { base, page: toDocsPage(document, base) };
			}
			return last.page;
		},
	};
}
