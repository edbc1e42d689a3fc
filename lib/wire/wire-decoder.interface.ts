/** One event of a streamed body, whatever frames it on the wire. */
export interface WireEvent {
  /** The event's type, where the framing has one. */
  readonly event?: string | undefined;
  readonly data: string;
}

/** Cuts the bytes of a streamed body into events. */
export interface WireDecoder {
  /** @throws {APIResponseValidationError} when an event is larger than the limit, or the framing is broken */
  push(chunk: Buffer): void;
  /** The body has ended: gives out a last event that lacks its end mark. */
  end(): void;
}

/** The framings of streamed bodies. */
export type WireFraming = 'sse' | 'ndjson' | 'aws-event-stream' | 'aws-sse';
