/**
 * A file system of its own in a file, whose state as a power cut would leave it can be copied at any moment.
 *
 * The loop device writes to the file by direct I/O, so the file holds exactly what the file system has given to its
 * device: what was synced, and what it wrote back by itself. A copy takes some milliseconds; it counts only if the device
 * wrote nothing meanwhile, by its own counters. So whoever uses the file system must stand still (SIGSTOP) for that long.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export interface Disk {
	/** Where it is mounted. */
	readonly folder: string;
	/** Copies the image to this file; false when the device wrote meanwhile. */
	copyTo(image: string): boolean;
	/** Nobody may use it any more. */
	remove(): void;
}

const bytes = "1G";

/** @throws Error with what the system said; it takes root, and a kernel with loop devices and ext4 */
export function openDisk(): Disk {
	const base = mkdtempSync(join(tmpdir(), "tollway-disk-"));
	const image = join(base, "image");
	run("truncate", "-s", bytes, image);
	run("mkfs.ext4", "-q", image);
	const mounted = mount(image, join(base, "disk"));
	return {
		folder: mounted.folder,
		copyTo: (copy) => {
			const before = readWrites(mounted.device);
			run("cp", "--sparse=always", image, copy);
			return before !== null && before === readWrites(mounted.device);
		},
		remove: () => {
			mounted.unmount();
			rmSync(base, { recursive: true, force: true });
		},
	};
}

export interface Mounted {
	readonly folder: string;
	readonly device: string;
	unmount(): void;
}

/** What is in the image comes up as after a power cut: the file system replays its journal. */
export function mount(image: string, folder: string): Mounted {
	mkdirSync(folder);
	const options = ["--direct-io=on", "--find", "--show"];
	const device = run("losetup", ...options, image).trim();
	try {
		run("mount", device, folder);
	} catch (error) {
		run("losetup", "--detach", device);
		throw error;
	}
	return {
		folder,
		device,
		unmount: () => {
			run("umount", folder);
			run("losetup", "--detach", device);
		},
	};
}

/** So far, as the kernel counts them (Documentation/block/stat.rst); null while one is under way. */
function readWrites(device: string): string | null {
	const path = `/sys/block/${basename(device)}/stat`;
	const fields = readFileSync(path, "latin1").trim().split(/\s+/);
	return fields[8] === "0" ? `${fields[4]} ${fields[6]}` : null;
}

function run(...command: string[]): string {
	const { success, stdout, stderr } = Bun.spawnSync(command);
	if (success) return stdout.toString();
	throw new Error(`${command.join(" ")}: ${stderr.toString().trim()}`);
}
