/** Entry of the thread that writes the embedded database. It lies beside main.ts: an executable finds no other. */
import { openDatabase } from "#platform";
import type { Port } from "./store/sqlite-protocol.ts";
import { serveSqlite } from "./store/sqlite-worker.ts";

serveSqlite(globalThis as unknown as Port, "writer", openDatabase);
