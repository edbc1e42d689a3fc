/** Milliseconds since the call began, by phase; `undefined` for a phase that was not reached. */
export interface CallTimings {
  /** The last attempt left the queue, of a session with a limit or of a pool that was full; `undefined` when it did not wait. */
  queued?: number;
  /** The last attempt's request was on a connection. */
  connected?: number;
  /** The last attempt's response headers were in. */
  firstByte?: number;
  /** The first piece of content was in (streams). */
  firstContent?: number;
  /** The body had ended. */
  total?: number;
}
