import { afterAll, describe, expect, test } from "bun:test";
import {
	brotliCompressSync,
	deflateSync,
	gzipSync,
	zstdCompressSync,
} from "node:zlib";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { post, toBody } from "./requests.ts";

const simulator = await openSimulator();
afterAll(() => simulator.stop());

describe("request bodies", () => {
	const codings: [string, (body: string) => Uint8Array][] = [
		["gzip", gzipSync],
		["deflate", deflateSync],
		["br", brotliCompressSync],
		["zstd", zstdCompressSync],
	];
	test.each(codings)(
		"compressed with %s are understood",
		async (coding, encode) => {
			const reply = await post(simulator, new Uint8Array(encode(toBody())), {
				headers: { "content-encoding": coding },
			});
			expect(reply.status).toBe(200);
			expect(await reply.text()).toContain("Hello, world");
		},
	);

	test.each([
		["compress", "request_body_encoding_unsupported"],
		["gzip", "request_body_encoding_invalid"],
	])("content-encoding %s, wrongly: %s", async (coding, error_code) => {
		const reply = await post(simulator, toBody(), {
			headers: { "content-encoding": coding },
		});
		expect(reply.status).toBe(400);
		expect(await reply.json()).toMatchObject({
			error: { details: { error_code } },
		});
	});

	test("too long once decoded", async () => {
		const body = gzipSync(Buffer.alloc(40_000_000, " "));
		const reply = await post(simulator, new Uint8Array(body), {
			headers: { "content-encoding": "gzip" },
		});
		expect(reply.status).toBe(413);
		expect(await reply.text()).toContain("too_large_after_decoding");
	});

	test("longer than 32 MB", async () => {
		const reply = await post(simulator, new Uint8Array(34_000_000));
		expect(reply.status).toBe(413);
		expect(await reply.json()).toMatchObject({
			error: { type: "request_too_large" },
		});
	});

	test("not JSON", async () => {
		const reply = await post(simulator, "{");
		expect(reply.status).toBe(400);
		expect(await reply.text()).toContain("not valid JSON");
	});
});
