/**
 * Time limits of a call, in milliseconds; 0 means none. They cover bodies, streamed or not.
 *
 * @publicApi
 */
export interface TimeoutOptions {
  /** In the queue of a session with a limit, until the attempt gets its place. */
  queue?: number;
  /**
   * From the start of an attempt, or from its place in a session with a limit, until its request is on a connection. The
   * credentials that a function or a service gives before that have the same time for themselves.
   */
  connect?: number;
  /** From there to the response headers. A unary call's headers come when the whole answer has been generated. */
  firstByte?: number;
  /** Between two reads of a body with content in them; comments and pings do not count. */
  idle?: number;
  /** The whole call: waiting, retries and body included. */
  total?: number;
}

export type ResolvedTimeouts = Readonly<Required<TimeoutOptions>>;
