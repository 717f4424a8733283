import { describe, expect, test } from "bun:test";
import { editDistance, findTypos } from "../../src/cli/typos.ts";

test.each([
	["a", "a", 0],
	["kitten", "sitting", 3],
	["", "abc", 3],
	["abc", "", 3],
	["port", "prot", 2],
	["abcdef", "uvwxyz", 4],
])("from %s to %s it is %d (at most 3 are counted)", (a, b, distance) => {
	expect(editDistance(a, b, 3)).toBe(distance);
});

describe("our names", () => {
	test.each([
		["TOLLWAY_MASTERKEY", "TOLLWAY_MASTER_KEY"],
		["TOLLWAY_MASTER_KYE", "TOLLWAY_MASTER_KEY"],
		["tollway_master_key", "TOLLWAY_MASTER_KEY"],
		["TOLLWAY_MAX_MESAGES_BODY", "TOLLWAY_MAX_MESSAGES_BODY"],
		["TOLLWAY_UPSTREAM_URLS", "TOLLWAY_UPSTREAM_URL"],
		["TOLLWAY_MASTER_KEY_FIL", "TOLLWAY_MASTER_KEY_FILE"],
		["TOLLWAY_PORT", "PORT"],
	])("%s stops the start and names %s", (name, meant) => {
		expect(findTypos({ [name]: "4000" })).toEqual({
			problems: [`${name} is not a setting; did you mean ${meant}?`],
			warnings: [],
		});
	});

	test("a name like no other is a warning: perhaps of another version", () => {
		expect(findTypos({ TOLLWAY_SOMETHING_ELSE: "1" })).toEqual({
			problems: [],
			warnings: [
				"TOLLWAY_SOMETHING_ELSE is not a setting of this version; it is ignored.",
			],
		});
	});

	test("what Kubernetes adds to a pod is no mistake", () => {
		const env = {
			TOLLWAY_SERVICE_HOST: "10.0.0.1",
			TOLLWAY_SERVICE_PORT_HTTP: "4000",
			TOLLWAY_PORT: "tcp://10.0.0.1:4000",
			TOLLWAY_PORT_4000_TCP_ADDR: "10.0.0.1",
		};
		expect(findTypos(env)).toEqual({ problems: [], warnings: [] });
	});
});

describe("others' names", () => {
	test.each([
		["ANTHROPIC_APIKEY", "ANTHROPIC_API_KEY"],
		["LITELLM_MASTERKEY", "LITELLM_MASTER_KEY"],
		["DATABASE_URI", "DATABASE_URL"],
		["SSL_CERT_FILE_PATH", "SSL_CERTFILE_PATH"],
	])("%s is a hint at %s", (name, meant) => {
		expect(findTypos({ [name]: "x" })).toEqual({
			problems: [],
			warnings: [`${name} is not a setting; did you mean ${meant}?`],
		});
	});

	test("an everyday environment says nothing", () => {
		const env = {
			PATH: "/bin",
			HOME: "/home/ada",
			HOSTNAME: "x",
			LOGLEVEL: "x",
			SSL_CERT_FILE: "x",
			SSL_CERT_DIR: "x",
			ANTHROPIC_MODEL: "x",
			ANTHROPIC_API_URL: "x",
			ANTHROPIC_CUSTOM_HEADERS: "x",
			LITELLM_SALT_KEY: "x",
			REDIS_URL: "x",
			POST: "x",
			TOLLWAY_MASTERKEY: "",
		};
		expect(findTypos(env)).toEqual({ problems: [], warnings: [] });
	});
});
