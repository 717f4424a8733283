import Sdk from "@anthropic-ai/sdk";
import OldSdk from "anthropic-sdk-0";

type Credential = "apiKey" | "authToken";

/** A way in which a developer points one of the SDKs at the gateway. */
export interface SdkSetup {
	readonly name: string;
	readonly Client: typeof Sdk;
	readonly mount: "/anthropic" | "";
	/** The header in which the SDK sends it. */
	readonly sends: "authorization" | "x-api-key";
	/** A client as its user would make it. */
	open(gatewayUrl: string, key: string): Sdk;
}

/** What the tests use of them looks the same in both. */
export const sdks: readonly (readonly [version: string, typeof Sdk])[] = [
	["1.12", Sdk],
	["0.120", OldSdk as unknown as typeof Sdk],
];

const mounts = ["/anthropic", ""] as const;
const credentials = ["apiKey", "authToken"] as const;

export const sdkSetups: readonly SdkSetup[] = sdks.flatMap(
	([version, Client]) =>
		mounts.flatMap((mount) =>
			credentials.map((credential) =>
				toSetup(version, Client, { mount, credential }),
			),
		),
);

function toSetup(
	version: string,
	Client: typeof Sdk,
	how: { mount: SdkSetup["mount"]; credential: Credential },
): SdkSetup {
	const { mount, credential } = how;
	const old = version.startsWith("0.");
	return {
		name: `SDK ${version}, ${credential}, base URL <gateway>${mount}`,
		Client,
		mount,
		sends: old && credential === "apiKey" ? "x-api-key" : "authorization",
		open: (gatewayUrl, key) =>
			new Client({
				baseURL: gatewayUrl + mount,
				// Null, so that the variables of the machine that runs the tests do not get in.
				...(old ? { apiKey: null, authToken: null } : {}),
				[credential]: key,
			}),
	};
}
