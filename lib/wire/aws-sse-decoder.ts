import { AwsEventStreamDecoder } from './aws-event-stream-decoder.js';
import { SseDecoder } from './sse-decoder.js';
import type { WireEvent } from './wire-decoder.interface.js';

/** The messages that carry a piece of the body. */
const PAYLOAD = 'PayloadPart';

/**
 * Server-sent events inside of an AWS event stream, as SageMaker passes on what a container streams: its messages cut
 * the events, and their characters, anywhere. Other messages, which report failures, are events of their own type.
 *
 * @see {@link https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html}
 */
export class AwsSseDecoder extends AwsEventStreamDecoder {
  private readonly inner: SseDecoder;

  /** @param maxSize of an event, in characters */
  constructor(onEvent: (event: WireEvent) => void, maxSize: number) {
    super(onEvent, maxSize);
    this.inner = new SseDecoder(onEvent, maxSize);
  }

  override end(): void {
    super.end();
    this.inner.end();
  }

  protected override onPayload(type: string | undefined, bytes: Buffer, from: number, to: number): void {
    if (type === PAYLOAD) this.inner.push(bytes.subarray(from, to));
    else super.onPayload(type, bytes, from, to);
  }
}
