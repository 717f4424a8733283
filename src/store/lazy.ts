/** Makes a thing when it is first asked for, once. */
export function openLazy<T extends object>(make: () => T): () => T {
	let made: T | null = null;
	return () => {
		made ??= make();
		return made;
	};
}
