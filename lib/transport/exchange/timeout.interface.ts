/**
 * Time limits of a call, in milliseconds; 0 means none. They cover bodies, streamed or not.
 *
 * @publicApi
 */
export interface TimeoutOptions {
  /** In the queue of a session with a limit, until the attempt gets its place. */
  queue?: number | undefined;
  /**
   * From the start of an attempt, or from its place in a session with a limit, until its request is on a connection. The
   * credentials that a function or a service gives before that have the same time for themselves.
   */
  connect?: number | undefined;
  /**
   * From there to the first content of the answer: the first byte of a unary one's body, the first words of a stream. A
   * model may think in silence for that long, streamed or not; headers, comments and pings change nothing about it.
   */
  firstByte?: number | undefined;
  /** From the first content on, between two reads of a body with content in them; comments and pings do not count. */
  idle?: number | undefined;
  /**
   * While the consumer of a stream reads nothing and what waits for it holds up the upstream. As long as `idle` where it
   * is not given.
   */
  stalled?: number | undefined;
  /** The whole call: waiting, retries and body included. */
  total?: number | undefined;
}

export type ResolvedTimeouts = Readonly<Required<Omit<TimeoutOptions, 'stalled'>>> & {
  readonly stalled?: number;
};
