/**
 * Makes a thing when it is first asked for, once. A failure is not remembered, nor is a promise that rejects: who asks next
 * makes it anew.
 */
export function openLazy<T extends object>(make: () => T): () => T {
	let made: T | null = null;
	return () => {
		if (made !== null) return made;
		const fresh = make();
		made = fresh;
		if (fresh instanceof Promise) {
			fresh.catch(() => {
				if (made === fresh) made = null;
			});
		}
		return fresh;
	};
}
