import { afterAll, afterEach, beforeAll, beforeEach } from "bun:test";
import type { Script } from "../../src/simulator/script.ts";
import { openRig, type Rig, type RigOptions } from "../rig.ts";
import { type Exchanged, openTap, type Tap } from "./tap.ts";
import { expectUntouched } from "./untouched.ts";

export const gatewayKey = "sk-gateway-key-of-the-callers-0123456789";

export interface TappedRig {
	/** Where this test's clients connect; no trailing slash. */
	readonly url: string;
	readonly rig: Rig;
	/** What this test's clients sent and got so far. */
	exchanges(): Exchanged[];
	/** Scripts the replies of this test in their order; after them come the usual ones. */
	script(...scripts: Script[]): void;
}

/**
 * A gateway with a master key for the tests of one file, and for each test a tap in front of it. After each test
 * everything that passed is compared with the simulator's record.
 */
export function useTappedRig(
	options: RigOptions & { readonly credential?: string } = {},
): TappedRig {
	let rig: Rig;
	let tap: Tap;
	let takeBack = () => {};
	beforeAll(async () => {
		// What the gateway asks by itself is no client's exchange.
		const alone = { TOLLWAY_BATCH_POLL: "1h" };
		const env = { TOLLWAY_MASTER_KEY: gatewayKey, ...alone, ...options.env };
		rig = await openRig({ ...options, env });
	});
	afterAll(() => rig.stop());
	beforeEach(async () => {
		rig.simulator.record.clear();
		tap = await openTap(rig.url);
	});
	afterEach(async () => {
		takeBack();
		const { record } = rig.simulator;
		try {
			await tap.settled();
			await record.waitUntil(() => record.open() === 0);
			expectUntouched(tap, record, { ...options, gatewayKey });
		} finally {
			await tap.stop();
		}
	});
	return {
		get url() {
			return tap.url;
		},
		get rig() {
			return rig;
		},
		exchanges: () => tap.exchanges(),
		script(...scripts) {
			takeBack = rig.simulator.script(() => scripts.shift());
		},
	};
}
