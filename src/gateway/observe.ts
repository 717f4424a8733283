/**
 * Lets a body through chunk by chunk, with backpressure, and tells an observer. Never `tee()`: its slower branch is
 * buffered without bound. `highWaterMark: 0`: nothing is read that the reader has not asked for.
 */
export interface Observer {
	/**
	 * A chunk has come. Returns what of it is handed on now, which may be nothing.
	 * What it throws ends the stream with that error.
	 */
	chunk(bytes: Uint8Array): Uint8Array;
	/** What is handed on before the source is asked for more. What it rejects with ends the stream. */
	behind?(): Promise<Uint8Array> | undefined;
	/** The reader wants the next chunk. */
	wanted(): void;
	/**
	 * The source ended. Returns what is still to be handed on. Called before the stream's own end; what it throws or rejects
	 * with takes the place of that end.
	 */
	ended(): Uint8Array | Promise<Uint8Array> | undefined;
	/** The source failed, or the reader left. Called once, and never after `ended`. */
	broken(how: "source" | "reader", cause: unknown): void;
}

/** @param signal ends the stream at once, also when nobody reads it at that moment */
export function observe(
	source: ReadableStream<Uint8Array>,
	observer: Observer,
	signal: AbortSignal,
): ReadableStream<Uint8Array> {
	const reader = source.getReader();
	let over = false;
	const fail = (
		controller: ReadableStreamDefaultController<Uint8Array>,
		cause: unknown,
	) => {
		// After cancel() a pending read still resolves, and touching the controller then throws ERR_INVALID_STATE.
		if (over) return;
		over = true;
		observer.broken("source", cause);
		controller.error(cause);
	};
	return new ReadableStream<Uint8Array>(
		{
			start(controller) {
				const end = () => {
					if (over) return;
					fail(controller, signal.reason);
					reader.cancel(signal.reason).catch(ignoreAfterCancel);
				};
				if (signal.aborted) end();
				else signal.addEventListener("abort", end, { once: true });
			},
			async pull(controller) {
				try {
					// One turn, unless a chunk is held back whole.
					while (!over) {
						const behind = observer.behind?.();
						if (behind !== undefined) {
							const bytes = await behind;
							if (over) return;
							if (put(controller, bytes)) return;
						}
						observer.wanted();
						const { done, value } = await reader.read();
						if (over) return;
						if (done) {
							const rest = observer.ended();
							put(controller, rest instanceof Promise ? await rest : rest);
							if (over) return;
							over = true;
							controller.close();
						} else if (put(controller, observer.chunk(value))) {
							return;
						}
					}
				} catch (cause) {
					fail(controller, cause);
				}
			},
			cancel(reason) {
				if (over) return;
				over = true;
				observer.broken("reader", reason);
				return reader.cancel(reason).catch(ignoreAfterCancel);
			},
		},
		{ highWaterMark: 0 },
	);
}

/** Returns whether there was something to hand on. */
function put(
	controller: ReadableStreamDefaultController<Uint8Array>,
	bytes: Uint8Array | undefined,
): boolean {
	if (!bytes?.length) return false;
	controller.enqueue(bytes);
	return true;
}

/** The reader has left: how the source takes its cancellation changes nothing any more. */
const ignoreAfterCancel = () => {};
