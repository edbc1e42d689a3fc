import { chunkOf, completionOf, eventOf } from '../../support/upstream.js';

/** A provider's wire format, as far as a fault needs it. The text of its answer is `Grüße`. */
export interface WireFormat {
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly document: string;
  readonly streamType: string;
  readonly events: readonly Buffer[];
  /** What keeps a connection alive without saying anything. */
  readonly keepAlive: string | undefined;
  readonly errorEvent: Buffer;
  readonly errorEventClass: string;
  readonly brokenEvent: Buffer;
  readonly brokenEventCode: string;
  /** The beginning of an event that never ends. */
  readonly eventPrefix: Buffer;
  /** No event is terminal: the stream is complete when its body ends. */
  readonly endsWithBody: boolean;
}

export const SECRET = 'sk-secret-0123456789';

export const FORMATS: readonly WireFormat[] = [
  {
    provider: 'openai',
    options: { apiKey: SECRET },
    document: JSON.stringify(completionOf('Grüße')),
    streamType: 'text/event-stream',
    events: [
      eventOf(chunkOf({ role: 'assistant', content: 'Gr' })),
      eventOf(chunkOf({ content: 'üße' })),
      eventOf(chunkOf({}, 'stop')),
      eventOf('[DONE]'),
    ].map((event) => Buffer.from(event)),
    keepAlive: ': ping\n\n',
    errorEvent: Buffer.from(eventOf({ error: { message: 'overloaded', code: 'server_error' } })),
    errorEventClass: 'InternalServerError',
    brokenEvent: Buffer.from('data: {"id":\n\n'),
    brokenEventCode: 'invalid_response',
    eventPrefix: Buffer.from('data: '),
    endsWithBody: false,
  },
];
