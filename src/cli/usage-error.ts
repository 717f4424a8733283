/** A mistake in how the command was called, as a sentence without its full stop. */
export class UsageError extends Error {}
