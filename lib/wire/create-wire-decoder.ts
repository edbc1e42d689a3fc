import { AwsEventStreamDecoder } from './aws-event-stream-decoder.js';
import { AwsSseDecoder } from './aws-sse-decoder.js';
import { NdjsonDecoder } from './ndjson-decoder.js';
import { SseDecoder } from './sse-decoder.js';
import type { WireDecoder, WireEvent, WireFraming } from './wire-decoder.interface.js';

const DECODERS: Readonly<
  Record<WireFraming, new (onEvent: (event: WireEvent) => void, maxSize: number) => WireDecoder>
> = {
  sse: SseDecoder,
  ndjson: NdjsonDecoder,
  'aws-event-stream': AwsEventStreamDecoder,
  'aws-sse': AwsSseDecoder,
};

/** @param maxSize of an event, in characters */
export function createWireDecoder(
  framing: WireFraming,
  onEvent: (event: WireEvent) => void,
  maxSize: number,
): WireDecoder {
  return new DECODERS[framing](onEvent, maxSize);
}
