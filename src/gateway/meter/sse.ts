/**
 * Where the server-sent events of a stream begin and end (WHATWG HTML, 9.2.6), in bytes that come in pieces, and which of
 * these bytes may be handed on before the call is on the ledger.
 *
 * An event is shown to the sink where it lies; only one that a chunk's end has cut in two is copied. Lines may end in LF,
 * CR or CRLF.
 */

const lf = 0x0a;
const cr = 0x0d;

export const isLineEnd = (byte: number | undefined) =>
	byte === lf || byte === cr;

/** Of every event that is cut in two, so much is kept. An event must show within it what it is. */
export const headBytes = 1024;
/** Of an event that the sink wants whole. */
export const maxEventBytes = 1024 * 1024;

/** What reads the events. The bytes are only lent: they may be reused after the call. */
export interface EventSink {
	/**
	 * The common events, which need only to be counted, in one go: as many as follow each other from `start` on, lie whole in
	 * the chunk, and have neither CR nor more than `headBytes`. Returns where they end; all others take the ordinary way.
	 */
	skim(chunk: Uint8Array, start: number): number;
	/**
	 * An event, bytes[start, end), with its blank line. One that is longer than `headBytes` has only its head here if
	 * `needsRest` was false, and at most `maxEventBytes` otherwise; `length` is all of it. Returns whether it ends the reply.
	 */
	event(bytes: Uint8Array, start: number, end: number, length: number): boolean;
	/** Whether an event that begins like this is the one that ends the reply. At most its head is shown, and that may end anywhere. */
	endsReply(bytes: Uint8Array, start: number, end: number): boolean;
	/** Whether more than its head is needed of an event that begins like this. */
	needsRest(bytes: Uint8Array, start: number, end: number): boolean;
	/** The stream ended within this event. */
	cutOff(bytes: Uint8Array, start: number, end: number): void;
}

export interface EventReader {
	/** See Meter. */
	push(chunk: Uint8Array): number;
	isOver(): boolean;
	end(): void;
}

interface State {
	readonly sink: EventSink;
	/** Of the event whose blank line has not come: its bytes so far, as many of them as are kept, and how many may be. */
	length: number;
	kept: Uint8Array;
	keptBytes: number;
	limit: number;
	/** The current line is empty so far. */
	blank: boolean;
	/** The last byte was a CR: a LF would still belong to it. */
	afterCr: boolean;
	/** The event that ends the reply has been recognised. */
	holding: boolean;
	/** It has come whole. */
	over: boolean;
}

const nothing = new Uint8Array(0);

export function openEventReader(sink: EventSink): EventReader {
	const s: State = {
		sink,
		length: 0,
		kept: nothing,
		keptBytes: 0,
		limit: headBytes,
		blank: false,
		afterCr: false,
		holding: false,
		over: false,
	};
	return {
		push: (chunk) => push(s, chunk),
		isOver: () => s.over,
		end() {
			if (!s.over && s.length > 0) sink.cutOff(s.kept, 0, s.keptBytes);
			s.over = true;
			s.kept = nothing;
		},
	};
}

function push(s: State, chunk: Uint8Array): number {
	const { length } = chunk;
	if (s.over || length === 0) return 0;
	const plain = !s.afterCr && chunk.indexOf(cr) < 0;
	let start = 0;
	if (s.length > 0) {
		const end = findEnd(s, chunk, 0, plain);
		keep(s, chunk, 0, end < 0 ? length : end);
		if (end < 0) return holds(s) ? 0 : length;
		if (endKept(s)) return 0;
		start = end;
	}
	for (;;) {
		if (plain) start = s.sink.skim(chunk, start);
		while (isLineEnd(chunk[start])) start++;
		if (start === length) return length;
		const end = findEnd(s, chunk, start, plain);
		if (end < 0) {
			keep(s, chunk, start, length);
			return holds(s) ? start : length;
		}
		if (deliver(s.sink, chunk, start, end - start)) {
			s.over = true;
			return start;
		}
		start = end;
	}
}

/** Where the event that goes on at `from` ends, behind its blank line; -1: not in this chunk. */
function findEnd(
	s: State,
	chunk: Uint8Array,
	from: number,
	plain: boolean,
): number {
	return plain ? findEndByLf(s, chunk, from) : findEndByAny(s, chunk, from);
}

/** In a chunk without CR, which is the common case, the runtime's own search finds the lines. */
function findEndByLf(s: State, chunk: Uint8Array, from: number): number {
	const { blank } = s;
	s.blank = false;
	if (blank && chunk[from] === lf) return from + 1;
	const last = chunk.length - 1;
	let at = chunk.indexOf(lf, from);
	while (at >= 0 && at < last) {
		if (chunk[at + 1] === lf) return at + 2;
		at = chunk.indexOf(lf, at + 2);
	}
	s.blank = at === last;
	return -1;
}

function findEndByAny(s: State, chunk: Uint8Array, from: number): number {
	for (let i = from; i < chunk.length; i++) {
		const byte = chunk[i];
		const isSecondHalf = byte === lf && s.afterCr;
		s.afterCr = byte === cr;
		if (isSecondHalf) continue;
		if (!isLineEnd(byte)) {
			s.blank = false;
		} else if (s.blank) {
			s.blank = false;
			s.afterCr = false;
			return i + 1;
		} else {
			s.blank = true;
		}
	}
	return -1;
}

/** Copies what must outlive the chunk. */
function keep(s: State, chunk: Uint8Array, from: number, to: number) {
	const before = s.length;
	s.length += to - from;
	const head = Math.min(to, from + Math.max(0, headBytes - before));
	append(s, chunk, from, head);
	if (head === to) return;
	if (before <= headBytes) s.limit = limitOf(s.sink, s.kept, 0);
	append(s, chunk, head, Math.min(to, head + s.limit - s.keptBytes));
}

const limitOf = (sink: EventSink, bytes: Uint8Array, start: number) =>
	sink.needsRest(bytes, start, start + headBytes) ? maxEventBytes : headBytes;

/** Whether the event of which a part has come is the one that ends the reply. */
function holds(s: State): boolean {
	s.holding ||= s.sink.endsReply(s.kept, 0, Math.min(s.keptBytes, headBytes));
	return s.holding;
}

function append(s: State, chunk: Uint8Array, from: number, to: number) {
	if (to <= from) return;
	const keptBytes = s.keptBytes + to - from;
	if (keptBytes > s.kept.length) {
		const larger = new Uint8Array(
			Math.max(headBytes, keptBytes, 2 * s.kept.length),
		);
		larger.set(s.kept.subarray(0, s.keptBytes));
		s.kept = larger;
	}
	s.kept.set(chunk.subarray(from, to), s.keptBytes);
	s.keptBytes = keptBytes;
}

/** The event that was cut in two is whole. Returns whether it ended the reply: what was once held stays so. */
function endKept(s: State): boolean {
	const ends = deliver(s.sink, s.kept, 0, s.length);
	s.over = ends || s.holding;
	s.length = 0;
	s.keptBytes = 0;
	if (s.kept.length > headBytes) s.kept = nothing;
	return s.over;
}

/** Shows the same bytes of an event however it was cut. */
function deliver(
	sink: EventSink,
	bytes: Uint8Array,
	start: number,
	length: number,
): boolean {
	if (length <= headBytes)
		return sink.event(bytes, start, start + length, length);
	const limit = limitOf(sink, bytes, start);
	return sink.event(bytes, start, start + Math.min(length, limit), length);
}
