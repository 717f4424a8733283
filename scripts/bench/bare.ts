/** The yardstick: as little as a relay on Bun can be. Ten lines, no policy, not one header looked at but `host`. */
const upstream = process.env.UPSTREAM;
Bun.serve({
	port: Number(process.env.PORT),
	hostname: "127.0.0.1",
	idleTimeout: 0,
	development: false,
	// For the probe of the event loop: asked by itself, not by way of the upstream.
	routes: { "/healthz": new Response("ok") },
	async fetch(request) {
		const url = new URL(request.url);
		const headers = new Headers(request.headers);
		headers.delete("host");
		const body = request.body && (await request.arrayBuffer());
		const up = await fetch(upstream + url.pathname + url.search, {
			method: request.method,
			headers,
			body,
			signal: request.signal,
			decompress: false,
			redirect: "manual",
			timeout: false,
		} as BunFetchRequestInit);
		return new Response(up.body, { status: up.status, headers: up.headers });
	},
});
