import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Item, Scan } from "../../../src/gateway/scan/finding.ts";
import { openScanner, scanBody } from "../../../src/gateway/scan/scan.ts";
import { maxKeptBytes } from "../../../src/gateway/scan/state.ts";

const encode = (text: string) => new TextEncoder().encode(text);

interface Outcome {
	scan?: Scan;
	items: Item[];
	refusal?: string;
}

/** Pushes the pieces through one reused buffer, as a socket would. */
function scanPieces(pieces: readonly Uint8Array[]): Outcome {
	const items: Item[] = [];
	const scanner = openScanner({ onItem: (item) => items.push(item) });
	const buffer = Buffer.alloc(
		Math.max(0, ...pieces.map((piece) => piece.length)),
	);
	try {
		for (const piece of pieces) {
			buffer.fill(0x58).set(piece);
			scanner.push(buffer.subarray(0, piece.length));
		}
		return { scan: scanner.end(), items };
	} catch (error) {
		return { items, refusal: (error as Error).message };
	}
}

function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
	const ends = [...places].sort((a, b) => a - b);
	return [...ends, bytes.length].map((end, i) =>
		bytes.subarray(ends[i - 1] ?? 0, end),
	);
}

const long = "x".repeat(300);

const accepted = {
	"every kind of word":
		String.raw`{"model":"claude-\u00e9\"\\","max_tokens":-0,"a":[-1.5e+10,0,12,0.1E-2,true,false,null,{}],"stream":true }` +
		"\n",
	"names with escapes": String.raw`{"mod\u0065l":"\"","\\":1,"\"":"\\\\","li\u0074ellm_metadata":{"\"}":"]"}, "us\u0065r" : "\\"}`,
	"characters of two, three and four bytes": `{"é€😀":"é€😀","model":"é€😀é","user":["😀"]}`,
	"long names and strings": `{"${long}":"${long}\\"${long}","metadata":{"${long}":"${long}"},"model":"${long}"}`,
	"a name that is too long to be ours is left to upstream": `{"${long}\\x":1}`,
	"members to cut": `{ "user" : 1 , "model":"m" , "tags":["a","]"], "no-log":true , "stream":false, "litellm_metadata":{"tags":["}"]} }`,
	blocks: JSON.stringify({
		system: [
			{
				type: "text",
				text: "a",
				cache_control: { type: "ephemeral", ttl: "1h" },
			},
		],
		messages: [
			{
				role: "user",
				content: [
					{ source: { type: "base64", data: "AAAA" } },
					{ content: [{ source: { type: "file", file_id: "f" } }] },
				],
			},
		],
		tools: [
			{ type: "advisor", model: "b", max_uses: 3 },
			{ name: "n", input_schema: { model: 1, type: ["a"] } },
		],
		fallbacks: [{ model: "c", max_tokens: 5 }],
		container: { id: "d", skills: [{ skill_id: "e" }] },
	}),
	"a batch": JSON.stringify({
		requests: [
			{ custom_id: "one", params: { model: "a", max_tokens: 1, messages: [] } },
			{
				params: { model: "b", stream: true, tools: [{ model: "c" }] },
				custom_id: "two",
			},
		],
	}),
};

const refused = {
	"a name twice": `{"model":"a", "mod\\u0065l":"b"}`,
	"a wrong type": `{"a":1,"stream":"true"}`,
	"a bad number": `{"a":01}`,
	"a bad literal": `{"a":nulL}`,
	"a bad escape": `{"model":"\\x"}`,
	"a comma too many": `{"a":[1,]}`,
	"bytes behind": `{"a":1} {`,
	"an open end": `{"a":"\\`,
	nothing: " ",
};

describe("a body in pieces gives the same scan", () => {
	const cases = Object.entries({ ...accepted, ...refused }).map(
		([what, body]) => [what, encode(body)] as const,
	);

	test.each(cases)(
		"%s: cut at every byte, and at every two",
		(_what, bytes) => {
			const whole = scanPieces([bytes]);
			for (let i = 0; i <= bytes.length; i++) {
				expect(scanPieces(cutAt(bytes, [i]))).toEqual(whole);
				expect(
					scanPieces(
						cutAt(
							bytes,
							[i, i + 1 + (i % 7)].map((at) => Math.min(at, bytes.length)),
						),
					),
				).toEqual(whole);
			}
			expect(
				scanPieces(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))),
			).toEqual(whole);
		},
	);

	test.each(Object.keys(accepted))("%s is accepted", (what) => {
		expect(
			scanPieces([encode(accepted[what as keyof typeof accepted])]).refusal,
		).toBeUndefined();
	});

	test.each(Object.keys(refused))("%s is refused", (what) => {
		expect(
			scanPieces([encode(refused[what as keyof typeof refused])]).refusal,
		).toBeString();
	});

	test("any document, cut anywhere", () => {
		const name = fc.constantFrom(
			"model",
			"tags",
			"user",
			"metadata",
			"requests",
			"messages",
			"é",
			"\\",
			'"',
			"a",
		);
		const { tree } = fc.letrec((tie) => ({
			tree: fc.oneof(
				{ maxDepth: 5 },
				fc.string({ unit: "binary" }),
				fc.double({ noNaN: true, noDefaultInfinity: true }),
				fc.constantFrom(null, true, false, "claude"),
				fc.array(tie("tree"), { maxLength: 4 }),
				fc.dictionary(name, tie("tree"), { maxKeys: 4 }),
			),
		}));
		const document = fc.tuple(
			fc.dictionary(name, tree),
			fc.constantFrom(undefined, 1, "\t"),
		);
		const samePieces = fc.property(
			document,
			fc.array(fc.nat(), { maxLength: 20 }),
			([value, space], places) => {
				const bytes = encode(JSON.stringify(value, null, space));
				const cuts = places.map((place) => place % (bytes.length + 1));
				expect(scanPieces(cutAt(bytes, cuts))).toEqual(scanPieces([bytes]));
			},
		);
		fc.assert(samePieces, { numRuns: 1000 });
	});
});

describe("bytes that are not UTF-8 are refused wherever they are cut", () => {
	test.each([
		["a lone continuation", [0x80]],
		["an open sequence", [0xe2, 0x82]],
		["an overlong slash", [0xc0, 0xaf]],
		["an overlong slash of four", [0xf0, 0x80, 0x80, 0xaf]],
		["a surrogate", [0xed, 0xa0, 0x80]],
		["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
		["no lead byte", [0xff]],
	])("%s", (_what, wrong) => {
		const bytes = new Uint8Array([
			...encode(`{"a":"é`),
			...wrong,
			...encode(`"}`),
		]);
		for (let i = 0; i <= bytes.length; i++) {
			for (let j = i; j <= bytes.length; j++) {
				expect(scanPieces(cutAt(bytes, [i, j])).refusal).toContain("not UTF-8");
			}
		}
	});
});

test("values over the bound are refused in pieces too, and names over it are not ours", () => {
	const pieces = (body: string) => {
		const bytes = encode(body);
		const places = Array.from(
			{ length: Math.floor(bytes.length / 1000) },
			(_, i) => (i + 1) * 1000,
		);
		return scanPieces(cutAt(bytes, places));
	};
	const model = (bytes: number) => `{"model":"${"m".repeat(bytes - 2)}"}`;
	expect(pieces(model(maxKeptBytes)).scan?.model?.length).toBe(
		maxKeptBytes - 2,
	);
	expect(pieces(model(maxKeptBytes + 1)).refusal).toContain(
		"`model` is longer",
	);
	const label = `{"user":{"a":"${"u".repeat(maxKeptBytes)}"}}`;
	expect(pieces(label).refusal).toContain("`user` is longer");
	const name = `{"${"n".repeat(2 * maxKeptBytes)}":1,"model":"m"}`;
	expect(pieces(name).scan?.model).toBe("m");
});

test("empty pieces change nothing", () => {
	const bytes = encode(`{"a":"\\"","model":"m"}`);
	const pieces = Array.from(bytes, (_, i) => [
		bytes.subarray(i, i + 1),
		new Uint8Array(0),
	]).flat();
	expect(scanPieces(pieces).scan).toEqual(scanBody(bytes));
});
