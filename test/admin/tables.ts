/** All tables of managed routes there are: whatever a file of src/admin exports as `…Routes`. */
import { join } from "node:path";
import { healthRoutes } from "../../src/admin/health.ts";
import type { ManagedRoute } from "../../src/admin/route.ts";

export type DescribedRoute = Omit<ManagedRoute<never>, "answer">;

const admin = join(import.meta.dir, "../../src/admin");

export async function readTables(): Promise<DescribedRoute[]> {
	const found: DescribedRoute[] = [];
	for (const file of [...new Bun.Glob("*.ts").scanSync(admin)].sort()) {
		const module = await import(join(admin, file));
		for (const [name, value] of Object.entries(module)) {
			const isTable = name.endsWith("Routes") && Array.isArray(value);
			if (isTable && value !== healthRoutes) found.push(...value);
		}
	}
	return found;
}
