import { describe, expect, test } from "bun:test";
import * as zlib from "node:zlib";
import { GatewayError } from "../../src/domain/error.ts";
import { decode } from "../../src/gateway/encoding.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const limits = { maxBytes: 32 * 1024 * 1024, maxRatio: 200 };
const copy = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);
const plain = copy(
	new TextEncoder().encode(
		JSON.stringify({
			model: "m",
			text: Array.from({ length: 20_000 }, (_, i) => `line ${i} é`),
		}),
	),
);

const encoders: Record<string, (bytes: Uint8Array) => Bytes> = {
	gzip: (bytes) => copy(zlib.gzipSync(bytes)),
	"x-gzip": (bytes) => copy(zlib.gzipSync(bytes, { level: 9 })),
	deflate: (bytes) => copy(zlib.deflateSync(bytes)),
	br: (bytes) =>
		copy(
			zlib.brotliCompressSync(bytes, {
				params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 },
			}),
		),
	zstd: (bytes) => copy(zlib.zstdCompressSync(bytes)),
};
const codings = Object.keys(encoders);
const encode = (coding: string, bytes: Uint8Array): Bytes =>
	encoders[coding]?.(bytes) ?? copy(bytes);

async function refusal(
	bytes: Uint8Array,
	coding: string,
	changed: object = {},
): Promise<string> {
	try {
		await decode(copy(bytes), coding, { ...limits, ...changed });
	} catch (error) {
		if (error instanceof GatewayError) return error.code;
		throw error;
	}
	return "none";
}

describe("codings are undone", () => {
	test.each(codings)("%s", async (coding) => {
		expect(await decode(encode(coding, plain), coding, limits)).toEqual(plain);
	});

	test("deflate without the zlib header", async () => {
		expect(
			await decode(copy(zlib.deflateRawSync(plain)), "deflate", limits),
		).toEqual(plain);
	});

	test("several, the last first", async () => {
		const bytes = encode("zstd", encode("br", encode("gzip", plain)));
		expect(await decode(bytes, "gzip, br,ZSTD", limits)).toEqual(plain);
	});

	test.each(["identity", "", " , ", "Identity, identity"])(
		"%j is none: the same array comes back",
		async (coding) => {
			expect(await decode(plain, coding, limits)).toBe(plain);
		},
	);

	test("any case, empty elements, identity beside others", async () => {
		expect(
			await decode(encode("gzip", plain), ", identity,GZip ,", limits),
		).toEqual(plain);
	});

	test.each(["gzip", "zstd"])(
		"two members or frames of %s in a row",
		async (coding) => {
			const half = plain.length >> 1;
			const both = Buffer.concat([
				encode(coding, plain.subarray(0, half)),
				encode(coding, plain.subarray(half)),
			]);
			expect(await decode(copy(both), coding, limits)).toEqual(plain);
		},
	);

	test("zstd with every form of header", async () => {
		const {
			ZSTD_c_checksumFlag: sum,
			ZSTD_c_contentSizeFlag: size,
			ZSTD_c_windowLog: window,
		} = zlib.constants;
		const run = Buffer.alloc(200_000, "ab");
		for (const bytes of [
			plain,
			plain.subarray(0, 10),
			plain.subarray(0, 300),
			run,
			Buffer.alloc(0),
		]) {
			for (const params of [
				{ [sum]: 1 },
				{ [size]: 0 },
				{ [sum]: 1, [size]: 0, [window]: 10 },
			]) {
				const encoded = copy(zlib.zstdCompressSync(bytes, { params }));
				expect(
					await decode(encoded, "zstd", { ...limits, maxRatio: 1e6 }),
				).toEqual(copy(bytes));
			}
		}
		const skippable = Buffer.from([
			0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3,
		]);
		expect(
			await decode(
				copy(Buffer.concat([skippable, encode("zstd", plain)])),
				"zstd",
				limits,
			),
		).toEqual(plain);
	});

	test("the result does not share memory with a pool", async () => {
		const decoded = await decode(
			encode("gzip", plain.subarray(0, 100)),
			"gzip",
			limits,
		);
		expect(decoded.buffer.byteLength).toBe(100);
	});
});

describe("what cannot be decoded is refused", () => {
	test.each([
		"compress",
		"gzip, foo",
		"exi",
		"__proto__",
		"constructor",
		"gzip;q=1",
		"*",
		"gzip,gzip,gzip,gzip",
	])("%s is unknown", async (coding) => {
		expect(await refusal(plain, coding)).toBe("unsupported_encoding");
	});

	test.each(codings)(
		"%s: plain bytes, cut bytes, more bytes, none",
		async (coding) => {
			const encoded = encode(coding, plain);
			expect(await refusal(plain, coding)).toBe("malformed_request");
			expect(await refusal(new Uint8Array(0), coding)).toBe(
				"malformed_request",
			);
			for (const missing of [1, 4, 9, encoded.length >> 1]) {
				expect([
					missing,
					await refusal(encoded.subarray(0, -missing), coding),
				]).toEqual([missing, "malformed_request"]);
			}
			for (const trailing of ["{}", "\0", "\0\0\0\0\0\0\0\0"]) {
				const more = Buffer.concat([encoded, Buffer.from(trailing)]);
				expect([trailing, await refusal(more, coding)]).toEqual([
					trailing,
					"malformed_request",
				]);
			}
		},
	);

	test("gzip with a wrong checksum", async () => {
		const encoded = encode("gzip", plain);
		encoded[encoded.length - 6] = (encoded[encoded.length - 6] ?? 0) ^ 1;
		expect(await refusal(encoded, "gzip")).toBe("malformed_request");
	});

	test("zstd that asks for a window of 128 MB (RFC 9659)", async () => {
		const params = {
			[zlib.constants.ZSTD_c_windowLog]: 27,
			[zlib.constants.ZSTD_c_contentSizeFlag]: 0,
		};
		const encoded = zlib.zstdCompressSync(
			Buffer.alloc(40_000_000, "0123456789"),
			{ params },
		);
		expect(
			await refusal(encoded, "zstd", { maxRatio: 1e9, maxBytes: 1e9 }),
		).toBe("malformed_request");
	});
});

describe("T-37: a bomb is stopped early", () => {
	test.each(codings)("%s: one byte too many", async (coding) => {
		const encoded = encode(coding, plain);
		expect(await refusal(encoded, coding, { maxBytes: plain.length })).toBe(
			"none",
		);
		expect(await refusal(encoded, coding, { maxBytes: plain.length - 1 })).toBe(
			"request_too_large",
		);
	});

	test.each(codings)(
		"%s: growing too much, though not too large",
		async (coding) => {
			const bomb = encode(coding, Buffer.alloc(4 * 1024 * 1024));
			expect(await refusal(bomb, coding)).toBe("request_too_large");
			expect(await refusal(bomb, coding, { maxRatio: 1e7 })).toBe("none");
		},
	);

	test("a small body may grow as much as it likes", async () => {
		const spaces = Buffer.alloc(900_000, " ");
		expect(await refusal(encode("br", spaces), "br")).toBe("none");
	});

	test("10 MB of gzip that would become 10 GB need less than 32 MB", async () => {
		const member = zlib.gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 });
		const bomb = copy(
			Buffer.concat(Array(Math.ceil(10_000_000 / member.length)).fill(member)),
		);
		Bun.gc(true);
		const before = process.memoryUsage.rss();
		expect(await refusal(bomb, "gzip", { maxBytes: 1e11 })).toBe(
			"request_too_large",
		);
		expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024);
	});

	test("four hundred of them leave nothing behind", async () => {
		const bomb = encode("gzip", Buffer.alloc(2 * 1024 * 1024));
		const rounds = async (count: number) => {
			for (let i = 0; i < count; i++) await refusal(bomb, "gzip");
			Bun.gc(true);
			return process.memoryUsage.rss();
		};
		const before = await rounds(200);
		expect((await rounds(400)) - before).toBeLessThan(32 * 1024 * 1024);
	});
});
