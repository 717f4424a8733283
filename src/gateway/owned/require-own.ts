/**
 * Who names a thing must have made it: what is somebody else's and what does not exist get the same answer, after the same
 * question to the database.
 */
import { GatewayError } from "../../domain/error.ts";
import { StoreError } from "../../store/engine.ts";
import type { OwnedObject } from "../../store/owners.ts";
import { ledgerDown } from "../ledger-down.ts";
import type { OpenCall } from "../open-call.ts";
import type { Gateway } from "../pipeline.ts";
import {
	findKind,
	isBuiltIn,
	type Place,
	safeId,
	toAsked,
	toNamed,
	toPlace,
} from "./places.ts";
import { toTenant } from "./tenant.ts";

/** A call of an owned family. */
export interface OwnCall {
	/** Null: sees everything. */
	readonly owner: string | null;
	readonly place: Place;
	/** What its reply is, if upstream does it. */
	readonly does: "list" | "create" | "delete" | "other";
}

const readers: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Judges the path and the query, before anything of the body is read, and notes in the call what becomes of its reply.
 * Rejects with GatewayError `not_found`, `method_not_allowed`, `ledger_down`.
 */
export async function requireOwnPath(
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	const { route, request, arrival, grant } = call;
	if (grant === null || grant.payer === "client") return;
	const place = toPlace(route.upstreamPath);
	const owner = toTenant(grant);
	if (place === null) {
		if (owner !== null) throw notFound(null);
		return;
	}
	const { method } = request;
	const { kind, id } = place;
	if (owner !== null && id !== null) {
		await requireOwn([{ kind, id }], owner, gateway, readers.has(method));
	}
	if (owner !== null && id === null) {
		if (!readers.has(method) && method !== "POST") throw notForAll(method);
		const asked = toAsked(kind, arrival.target.query);
		await requireOwn(asked, owner, gateway, true);
	}
	call.own = { owner, place, does: toDeed(place, method, owner) };
}

function toDeed(
	{ kind, id, isWhole }: Place,
	method: string,
	owner: string | null,
): OwnCall["does"] {
	if (method === "DELETE" && id !== null && isWhole) return "delete";
	if (owner === null || id !== null) return "other";
	if (method !== "POST") return "list";
	// Whose a batch is stands in the row that says what it may cost.
	return kind === "batches" ? "other" : "create";
}

/** Of a user profile: what upstream does for the call is that customer's. */
const profileHeader = "anthropic-user-profile-id";

/** Whether the call names anything besides its path. Most do not, and pay no more than this. */
export const namesOthers = ({ scan, named, arrival }: OpenCall): boolean =>
	scan?.namesObjects === true ||
	named !== null ||
	arrival.headers[profileHeader] !== undefined;

/** Judges what the body and the headers name. Rejects as `requireOwnPath` does. */
export async function requireOwnNames(
	call: OpenCall,
	gateway: Gateway,
): Promise<void> {
	const { grant, scan, arrival } = call;
	const owner = grant && toTenant(grant);
	if (owner === null) return;
	const profile = arrival.headers[profileHeader];
	await requireOwn(
		[
			...toNamed(scan?.findings ?? []),
			...(call.named?.values() ?? []),
			...(profile === undefined
				? []
				: [{ kind: "user_profiles", id: profile }]),
		],
		owner,
		gateway,
		true,
	);
}

/** More than one batch needs; they are kept until it has been read. */
const maxNamed = 10_000;

/** Notes what a request of a batch names. @throws GatewayError `malformed_request` */
export function noteNamed(
	call: OpenCall,
	findings: Parameters<typeof toNamed>[0],
): void {
	for (const one of toNamed(findings)) {
		call.named ??= new Map();
		call.named.set(`${one.kind} ${one.id}`, one);
		if (call.named.size <= maxNamed) continue;
		throw new GatewayError(
			"malformed_request",
			`The requests of a batch may name ${maxNamed} files, containers and skills together. Make several batches.`,
		);
	}
}

/** Questions to the database at a time. */
const atOnce = 50;

/** Which of them are theirs, in their order. Rejects with StoreError. */
export async function findOwn<T extends OwnedObject>(
	objects: readonly T[],
	owner: string,
	{ owners }: Gateway,
): Promise<T[]> {
	const own: T[] = [];
	for (let at = 0; at < objects.length; at += atOnce) {
		const group = objects.slice(at, at + atOnce);
		const answers = await Promise.all(
			// What is no id is asked for as well: no answer comes sooner than another.
			group.map(({ kind, id }) =>
				owners.isOf({ kind, id: safeId.test(id) ? id : "" }, owner),
			),
		);
		own.push(...group.filter((_, index) => answers[index]));
	}
	return own;
}

async function requireOwn(
	objects: readonly OwnedObject[],
	owner: string,
	gateway: Gateway,
	reads: boolean,
): Promise<void> {
	const owned = objects.filter((one) => !(reads && isBuiltIn(one)));
	if (owned.length === 0) return;
	const distinct = [
		...new Map(owned.map((one) => [toName(one), one])).values(),
	];
	let own: OwnedObject[];
	try {
		own = await findOwn(distinct, owner, gateway);
	} catch (error) {
		throw error instanceof StoreError ? ledgerDown(error) : error;
	}
	const foreign = distinct.find((one) => !own.includes(one));
	if (foreign !== undefined) throw notFound(foreign);
}

const toName = ({ kind, id }: OwnedObject) => `${kind} ${id}`;

function notFound(object: OwnedObject | null): GatewayError {
	const word = (object && findKind(object.kind)?.word) ?? "object";
	const id = object !== null && safeId.test(object.id) ? ` ${object.id}` : "";
	return new GatewayError(
		"not_found",
		`There is no ${word}${id} here. A gateway key finds what it has made, or others of its team or user with keys of this gateway.`,
	);
}

const notForAll = (method: string) =>
	new GatewayError(
		"method_not_allowed",
		`${method} is not for all objects of an account. Name one in the path.`,
	);
