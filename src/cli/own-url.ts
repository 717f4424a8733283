/** Where the gateway of this configuration is asked, from this machine. */
import type { Config } from "./config.ts";
import type { World } from "./world.ts";

/** `http://127.0.0.1:4000`, without the root path. `0.0.0.0` is where it listens, not an address to dial. */
export function toOwnOrigin({ host, port, tls }: Config): string {
	const name = host.replace(/^0\.0\.0\.0$/, "127.0.0.1").replace(/^::$/, "::1");
	const scheme = tls ? "https" : "http";
	return `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** Its certificate is made out to the name that clients use, which is seldom this one. @throws what `node:fs` throws */
export const toOwnTrust = (
	{ tls }: Config,
	{ readFile }: Pick<World, "readFile">,
) => (tls ? { certificate: readFile(tls.certPath) } : {});
