import { expect, test } from "bun:test";
import { openLazy } from "../../src/store/lazy.ts";

test("a thing is made once", () => {
	let times = 0;
	const open = openLazy(() => ({ times: ++times }));
	expect(open()).toBe(open());
	expect(times).toBe(1);
});

test("a failure is not remembered: thrown or rejected, the next asking makes it anew", async () => {
	let thrown = 0;
	const open = openLazy(() => {
		if (++thrown === 1) throw new Error("not yet");
		return { thrown };
	});
	expect(open).toThrow("not yet");
	expect(open()).toEqual({ thrown: 2 });

	let rejected = 0;
	const load = openLazy(async () => {
		if (++rejected === 1) throw new Error("not yet");
		return rejected;
	});
	const first = load();
	// Those who ask while it is made share what comes of it.
	expect(load()).toBe(first);
	expect(first).rejects.toThrow("not yet");
	await first.catch(() => {});
	expect(await load()).toBe(2);
	expect(load()).toBe(load());
});
