import { join } from "node:path";
import type { Scenario } from "./scenarios.ts";

/** What wrk saw. `failures`: refused, cut, timed out, or a status that is not 2xx or 3xx. */
export interface Seen {
	calls: number;
	seconds: number;
	p50Micros: number;
	p99Micros: number;
	failures: number;
	/** The same by kind, in words. */
	kinds: string;
	/** Of these the ones with a status that is not 2xx or 3xx. */
	refused: number;
}

export type Load = (url: string, seconds: number) => Promise<Seen>;

/** wrk's own two seconds pass on a machine that others use too, and say nothing of a gateway then. */
const timeoutSeconds = 10;

/** wrk's script: the body from a file, and a report that a program can read. */
const script = (bodyFile: string, key: string) => `
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["anthropic-version"] = "2023-06-01"
wrk.headers["authorization"] = "Bearer ${key}"
local file = io.open("${bodyFile}", "rb")
wrk.body = file:read("*a")
file:close()
function done(summary, latency)
	local e = summary.errors
	io.write(string.format('\\n{"calls":%d,"seconds":%f,"p50Micros":%f,"p99Micros":%f,"failures":%d,"kinds":"%d connect, %d read, %d write, %d status, %d timeout","refused":%d}\\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
		e.connect + e.read + e.write + e.status + e.timeout, e.connect, e.read, e.write, e.status, e.timeout, e.status))
end
`;

const noKey = "sk-anything";

/** Makes the load of a scenario, on one core. Its calls reject when wrk cannot run. */
export async function openLoad(
	scenario: Scenario,
	{ folder, core }: { folder: string; core: number },
): Promise<Load> {
	const stem = join(folder, scenario.name.replaceAll(" ", "-"));
	await Bun.write(`${stem}.json`, scenario.body);
	await Bun.write(`${stem}.lua`, script(`${stem}.json`, scenario.key ?? noKey));
	return async (url, seconds) => {
		const wrk = [
			"wrk",
			"-t1",
			`-c${scenario.connections}`,
			`-d${seconds}s`,
			`--timeout=${timeoutSeconds}s`,
			`-s${stem}.lua`,
			url + scenario.path,
		];
		const child = Bun.spawn(["taskset", "-c", String(core), ...wrk], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		const [stdout, stderr] = await Promise.all([
			new Response(child.stdout).text(),
			new Response(child.stderr).text(),
		]);
		const report = stdout.split("\n").find((line) => line.startsWith("{"));
		if ((await child.exited) !== 0 || !report)
			throw new Error(`wrk failed: ${stderr}${stdout}`);
		return JSON.parse(report);
	};
}
