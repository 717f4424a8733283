import { type Call, readBetas } from "./call.ts";
import { ApiError } from "./errors.ts";
import {
	readFiles,
	readParts,
	readValue,
	type UploadedFile,
} from "./multipart.ts";
import { toCursorPage, toIdPage } from "./pages.ts";
import { type Reply, toBinary, toJson } from "./reply.ts";

const minLifetimeSeconds = 3_600;
const maxLifetimeSeconds = 7_776_000;

export interface StoredFile extends UploadedFile {
	id: string;
	createdMs: number;
	expiresMs: number | null;
}

/** POST /v1/files, multipart. */
export function createFile(call: Call): Reply {
	const { world } = call;
	const parts = readParts(call);
	const [uploaded] = readFiles(parts, "file");
	if (uploaded === undefined) throw new ApiError("invalid_request_error");
	const createdMs = world.clock.now();
	const file: StoredFile = {
		...uploaded,
		id: world.nextId("file"),
		createdMs,
		expiresMs: readExpiry(readValue(parts, "expires_in_seconds"), createdMs),
	};
	world.files.add(file);
	return toJson(toFileObject(file, call));
}

function readExpiry(value: string | null, createdMs: number): number | null {
	if (value === null) return null;
	const seconds = Number(value);
	if (!(seconds >= minLifetimeSeconds && seconds <= maxLifetimeSeconds)) {
		throw new ApiError(
			"invalid_request_error",
			`expires_in_seconds: Input should be between ${minLifetimeSeconds} and ${maxLifetimeSeconds}`,
		);
	}
	return createdMs + seconds * 1_000;
}

/** GET /v1/files: cursor pages, or `ids[]`; the old beta header selects the older page shape. */
export function listFiles(call: Call): Reply {
	const { query, world } = call;
	const ids = query.getAll("ids[]");
	const files = world.files
		.list()
		.filter((file) => ids.length === 0 || ids.includes(file.id))
		.map((file) => toFileObject(file, call));
	return toJson(
		wantsOldShape(call) ? toIdPage(files, query) : toCursorPage(files, query),
	);
}

export function getFile(call: Call): Reply {
	return toJson(toFileObject(call.world.files.get(call.params.id), call));
}

/** GET /v1/files/{id}/content: the bytes as uploaded. (The real API refuses this for files that a user uploaded.) */
export function getFileContent({ params, world }: Call): Reply {
	const file = world.files.get(params.id);
	return toBinary(file.bytes, file.type);
}

export function deleteFile({ params, world }: Call): Reply {
	const { id } = world.files.get(params.id);
	world.files.remove(id);
	return toJson(toDeletedFile(id));
}

export function toDeletedFile(id: string) {
	return { id, type: "file_deleted" as const };
}

function wantsOldShape({ headers }: Call): boolean {
	return readBetas(headers).includes("files-api-2025-04-14");
}

function toFileObject(file: StoredFile, call: Call) {
	return wantsOldShape(call) ? toOldFile(file) : toFile(file);
}

export function toOldFile(file: StoredFile) {
	return {
		id: file.id,
		type: "file" as const,
		filename: file.name,
		mime_type: file.type,
		size_bytes: file.bytes.length,
		created_at: new Date(file.createdMs).toISOString(),
		downloadable: true,
	};
}

export function toFile(file: StoredFile) {
	const { expiresMs } = file;
	return {
		...toOldFile(file),
		expires_at: expiresMs === null ? null : new Date(expiresMs).toISOString(),
	};
}
