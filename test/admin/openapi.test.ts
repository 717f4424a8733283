/** The API's description says what the routes do, because it is made of what they check. */
import { beforeAll, describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { z } from "zod";
import { healthRoutes } from "../../src/admin/health.ts";
import type { JsonSchema } from "../../src/admin/json-schema.ts";
import { toOpenApi } from "../../src/admin/openapi.ts";
import type { Operation, PathItem } from "../../src/admin/openapi-document.ts";
import { withoutEffect } from "../../src/admin/read-input.ts";
import { defineRoute } from "../../src/admin/route.ts";
import { type DescribedRoute, readTables } from "./tables.ts";

const tables = await readTables();
const options = { version: "1.2.3", rootPath: "/" };
const document = await toOpenApi(tables, options);

/** With the formats and marks that ours has; anything else it does not know is a mistake. */
const ajv = new Ajv2020({
	strict: true,
	strictTypes: false,
	strictRequired: false,
	formats: { date: /^\d{4}-\d\d-\d\d$/ },
	keywords: [withoutEffect, "example"],
});

const toTemplate = (path: string) => path.replace(/:(\w+)/g, "{$1}");

function find({ method, path }: Pick<DescribedRoute, "method" | "path">) {
	const item: PathItem = document.paths[toTemplate(path)] ?? {};
	return item[method.toLowerCase() as "get" | "post"] as Operation;
}

const toBodySchema = (route: DescribedRoute): JsonSchema =>
	find(route).requestBody?.content["application/json"]?.schema ?? {};

const withBody = tables.filter(({ body }) => body !== undefined);
const byName = (routes: readonly DescribedRoute[]) =>
	routes.map((route) => [`${route.method} ${route.path}`, route] as const);

describe("the document", () => {
	test("is OpenAPI 3.1", async () => {
		const { valid, errors } = await new Validator().validate(
			JSON.parse(JSON.stringify(document)),
		);
		expect(errors).toBeUndefined();
		expect(valid).toBe(true);
		expect(document.openapi).toBe("3.1.0");
		expect(document.info.version).toBe("1.2.3");
	});

	test("has every row and every health route, the relay, and nothing else", () => {
		const wanted = [
			...tables.map(({ path }) => toTemplate(path)),
			...healthRoutes.map(({ path }) => path),
			"/anthropic/{endpoint}",
			"/v1/{endpoint}",
		];
		expect(Object.keys(document.paths).sort()).toEqual(
			[...new Set(wanted)].sort(),
		);
		for (const route of tables) expect(find(route)).toBeDefined();
		const ids = Object.values(document.paths)
			.flatMap((item) => Object.values(item))
			.flatMap(({ operationId }) => operationId ?? []);
		expect(new Set(ids).size).toBe(ids.length);
		expect(ids.length).toBe(tables.length + healthRoutes.length + 10);
	});

	test("names the parts of a path, and where a key may stand", () => {
		const byPath = find({ method: "POST", path: "/key/:key/regenerate" });
		expect(byPath.parameters).toEqual([
			expect.objectContaining({ name: "key", in: "path", required: true }),
		]);
		expect(document.security).toEqual([
			{ bearer: [] },
			{ "x-litellm-api-key": [] },
		]);
		expect(document.paths["/healthz"]?.get?.security).toEqual([]);
	});

	test("every group in which a route stands has its heading", () => {
		const names = document.tags.map(({ name }) => name);
		const used = Object.values(document.paths).flatMap((item) =>
			["get", "post"].flatMap((method) => item[method as "get"]?.tags ?? []),
		);
		expect(new Set(used)).toEqual(new Set(names));
	});
});

describe("the rows", () => {
	test.each(
		[...tables, ...healthRoutes].map((row) => [row.path, row] as const),
	)("%s: a summary of one line, without a full stop", (_, { summary }) => {
		expect(summary.length).toBeLessThanOrEqual(80);
		expect(summary).toMatch(/^[A-Z].*[^.\s]$/);
	});

	test("every field and every parameter says what it means", () => {
		const silent: string[] = [];
		const look = (place: string, { properties, items }: JsonSchema) => {
			if (items) look(place, items);
			for (const [name, field] of Object.entries(properties ?? {})) {
				if (!field.description) silent.push(`${place}: ${name}`);
				look(place, field);
			}
		};
		for (const route of tables) {
			const place = `${route.method} ${route.path}`;
			look(place, toBodySchema(route));
			for (const { name, description } of find(route).parameters ?? []) {
				if (!description) silent.push(`${place}: ${name}`);
			}
		}
		expect(silent).toEqual([]);
	});

	test.each(byName(withBody))("%s: its example is accepted", (_, route) => {
		const example =
			find(route).requestBody?.content["application/json"]?.example;
		expect(ajv.validate(toBodySchema(route), example)).toBe(true);
		expect(route.body?.safeParse(example).success).toBe(true);
	});
});

/** Of each kind something; a text of the contract's grammar where there is one. */
const values: readonly unknown[] = [
	null,
	"",
	"x",
	"30d",
	"-1",
	"soon",
	"x".repeat(513),
	"sk-a-value-of-your-own-0123",
	"sk-ant-a-value-of-anthropics",
	"client",
	"read_only",
	0,
	1,
	-1,
	1.5,
	1e12 + 1,
	true,
	false,
	[],
	["x"],
	[1],
	Array(201).fill("x"),
	{},
	{ x: 1 },
	[{ budget_duration: "1d", max_budget: 1 }],
	[{ budget_duration: "1d" }],
];

describe("a body is described as it is checked", () => {
	let checks: Map<DescribedRoute, ValidateFunction>;
	beforeAll(() => {
		checks = new Map(
			withBody.map((route) => [route, ajv.compile(toBodySchema(route))]),
		);
	});

	test.each(byName(withBody))("%s, field by field", (_, route) => {
		const check = checks.get(route) as ValidateFunction;
		const schema = toBodySchema(route);
		const example = find(route).requestBody?.content["application/json"]
			?.example as object;
		const wrong: string[] = [];
		for (const name of [...Object.keys(schema.properties ?? {}), "no_such"]) {
			for (const value of values) {
				const body = { ...example, [name]: value };
				const described = check(body);
				const { success, error } = route.body?.safeParse(body) ?? {};
				// The document's introduction says that an empty text says nothing; each field need not.
				if (described === success || (value === "" && success)) continue;
				// What two fields may say together is no field's.
				if (error && error.issues[0]?.path[0] !== name) continue;
				const said = described ? "described, refused" : "accepted, undescribed";
				wrong.push(`${name}: ${JSON.stringify(value).slice(0, 40)}: ${said}`);
			}
		}
		expect(wrong).toEqual([]);
	});

	test("the page's `{}` makes a key; what has no effect may only say nothing", () => {
		const route = withBody.find(({ path }) => path === "/key/generate");
		const check = checks.get(route as DescribedRoute) as ValidateFunction;
		expect(check({})).toBe(true);
		expect(check({ guardrails: [], soft_budget: null })).toBe(true);
		expect(check({ guardrails: ["x"] })).toBe(false);
		expect(check({ max_budget: -1 })).toBe(false);
		expect(check({ max_budget: "5" })).toBe(false);
	});
});

/** As it stands in the address. */
const toText = (value: unknown) => String(value);

test.each(byName(tables.filter(({ query }) => query !== undefined)))(
	"%s takes the parameters that are described",
	(_, route) => {
		const { parameters = [] } = find(route);
		const wanted = Object.fromEntries(
			parameters
				.filter((one) => one.in === "query" && one.required)
				.map((one) => [one.name, toText(one.example ?? "x")]),
		);
		expect(route.query?.safeParse(wanted).success).toBe(true);
		for (const { name, in: place, schema } of parameters) {
			if (place !== "query") continue;
			const check = ajv.compile(schema);
			for (const value of values.filter((one) => one !== "" && check(one))) {
				const { error } =
					route.query?.safeParse({ ...wanted, [name]: toText(value) }) ?? {};
				expect(error?.issues.filter(({ path }) => path[0] === name)).toEqual(
					error && [],
				);
			}
			if (schema.default !== undefined) {
				expect(route.query?.parse(wanted)).toHaveProperty(name, schema.default);
			}
		}
	},
);

test("any row is described, also one with what JSON Schema has no word for", async () => {
	const strange = defineRoute({
		method: "POST",
		path: "/thing/:thing_id/do",
		summary: "Do something",
		for: "holder",
		body: z.object({
			when: z.date(),
			what: z.preprocess(String, z.string()),
			why: z.custom<string>(() => true),
			whose: z.any().refine((value) => value.length > 0),
		}),
		answer: async () => ({}),
	});
	const { paths, tags } = await toOpenApi([strange], options);
	const { post } = paths["/thing/{thing_id}/do"] ?? {};
	expect(post?.tags).toEqual(["Thing"]);
	expect(tags[0]).toEqual({ name: "Thing" });
	expect(post?.parameters?.[0]).toMatchObject({ name: "thing_id", in: "path" });
	const schema = post?.requestBody?.content["application/json"]?.schema;
	const names = ["when", "what", "why", "whose"];
	expect(Object.keys(schema?.properties ?? {})).toEqual(names);
});
