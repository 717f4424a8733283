import type { Clock } from "../platform/contract.ts";
import type { Book } from "./book.ts";
import type { Ledger } from "./ledger.ts";

/** What a server that died has not answered is given up after four seconds; it is told to be back within five. */
const askEveryMs = 500;
const answerWithinMs = 2_000;

/** Asks whether the database can be written, however often it is asked itself. */
export function openProbe(
	ledger: Ledger,
	book: Book,
	clock: Clock,
): () => Promise<string | null> {
	let askedMs = Number.NEGATIVE_INFINITY;
	let answer: Promise<string | null> = Promise.resolve(null);
	return async () => {
		const fault = ledger.fault();
		if (fault !== null) return fault.message;
		if (clock.monotonic() - askedMs >= askEveryMs) {
			askedMs = clock.monotonic();
			answer = ask(book);
		}
		return answer;
	};
}

async function ask(book: Book): Promise<string | null> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<string>((resolve) => {
		timer = setTimeout(resolve, answerWithinMs, "it does not answer");
	});
	const touched = book.touch(false).then(
		() => null,
		(error: Error) => error.message,
	);
	const answer = await Promise.race([touched, late]);
	clearTimeout(timer);
	return answer;
}
