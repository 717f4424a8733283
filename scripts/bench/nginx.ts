import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./gateways.ts";

/** One worker, kept-alive upstream connections, nothing buffered, no log: nginx at its leanest as a streaming relay. */
export function toNginxCommand({ folder, port, upstreamPort }: Place) {
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
		(kind) => `${kind}_temp_path ${join(folder, `nginx-${kind}`)};`,
	);
	const file = join(folder, `nginx-${port}.conf`);
	writeFileSync(
		file,
		`daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
pid ${join(folder, `nginx-${port}.pid`)};
error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off;
	${temporary.join("\n\t")}
	client_max_body_size 64m;
	client_body_buffer_size 1m;
	keepalive_requests 1000000000;
	upstream anthropic {
		server 127.0.0.1:${upstreamPort};
		keepalive 64;
		keepalive_requests 1000000000;
	}
	server {
		listen 127.0.0.1:${port};
		location / {
			proxy_pass http://anthropic;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
		}
	}
}
`,
	);
	return { cmd: ["nginx", "-c", file, "-e", "stderr"] };
}
