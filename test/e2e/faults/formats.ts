import { crc32 } from 'node:zlib';
import { awsMessage, frame } from '../../support/framing.js';
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

const PIECES = ['Gr', 'üße'];
const TEXT = PIECES.join('');

/** Each event as the bytes of its frame. */
function framed(events: readonly object[], framing: 'named-sse' | 'gemini' | 'aws' | 'ndjson'): Buffer[] {
  return events.map((event) => frame([event], framing));
}

const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: TEXT }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 2 },
};

function geminiAnswer(text: string, finishReason?: string): object {
  return { candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, finishReason }] };
}

/** The head of a message that says it is of 64 MiB. */
function awsPrelude(): Buffer {
  const prelude = Buffer.from(awsMessage({}, {}).subarray(0, 12));
  prelude.writeUInt32BE(64 * 1024 * 1024, 0);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  return prelude;
}

function spoilt(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

const ollamaAbout = { model: 'm', created_at: '2026-01-01T00:00:00Z' };

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
  {
    provider: 'anthropic',
    options: { apiKey: SECRET },
    document: JSON.stringify(anthropicMessage),
    streamType: 'text/event-stream',
    events: framed(
      [
        { type: 'message_start', message: { ...anthropicMessage, content: [], stop_reason: null } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        ...PIECES.map((text) => ({
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'text_delta', text },
        })),
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
        { type: 'message_stop' },
      ],
      'named-sse',
    ),
    keepAlive: 'event: ping\ndata: {"type": "ping"}\n\n',
    errorEvent: frame(
      [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
      'named-sse',
    ),
    errorEventClass: 'ServiceUnavailableError',
    brokenEvent: Buffer.from('event: content_block_delta\ndata: {"type":\n\n'),
    brokenEventCode: 'invalid_response',
    eventPrefix: Buffer.from('data: '),
    endsWithBody: false,
  },
  {
    provider: 'gemini',
    options: { apiKey: SECRET },
    document: JSON.stringify(geminiAnswer(TEXT, 'STOP')),
    streamType: 'text/event-stream',
    events: framed([geminiAnswer(PIECES[0]!), geminiAnswer(PIECES[1]!, 'STOP')], 'gemini'),
    keepAlive: ': ping\r\n\r\n',
    errorEvent: frame([{ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }], 'gemini'),
    errorEventClass: 'ServiceUnavailableError',
    brokenEvent: Buffer.from('data: {"candidates":\r\n\r\n'),
    brokenEventCode: 'invalid_response',
    eventPrefix: Buffer.from('data: '),
    endsWithBody: true,
  },
  {
    provider: 'bedrock',
    options: { region: 'eu-central-1', accessKeyId: 'AKIATEST', secretAccessKey: SECRET },
    document: JSON.stringify({
      output: { message: { role: 'assistant', content: [{ text: TEXT }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    }),
    streamType: 'application/vnd.amazon.eventstream',
    events: framed(
      [
        { messageStart: { role: 'assistant' } },
        ...PIECES.map((text) => ({ contentBlockDelta: { contentBlockIndex: 0, delta: { text } } })),
        { contentBlockStop: { contentBlockIndex: 0 } },
        { messageStop: { stopReason: 'end_turn' } },
        { metadata: { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } } },
      ],
      'aws',
    ),
    keepAlive: undefined,
    errorEvent: awsMessage(
      { ':exception-type': 'throttlingException', ':message-type': 'exception' },
      { message: 'slow down' },
    ),
    errorEventClass: 'RateLimitError',
    brokenEvent: spoilt(frame([{ messageStart: { role: 'assistant' } }], 'aws')),
    brokenEventCode: 'broken_event_stream',
    eventPrefix: awsPrelude(),
    endsWithBody: false,
  },
  {
    provider: 'ollama',
    options: { apiKey: SECRET },
    document: JSON.stringify({
      ...ollamaAbout,
      message: { role: 'assistant', content: TEXT },
      done: true,
      done_reason: 'stop',
    }),
    streamType: 'application/x-ndjson',
    events: framed(
      [
        ...PIECES.map((content) => ({
          ...ollamaAbout,
          message: { role: 'assistant', content },
          done: false,
        })),
        { ...ollamaAbout, message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' },
      ],
      'ndjson',
    ),
    keepAlive: '\n',
    errorEvent: frame([{ error: 'the runner has stopped' }], 'ndjson'),
    errorEventClass: 'InternalServerError',
    brokenEvent: Buffer.from('{"model":\n'),
    brokenEventCode: 'invalid_response',
    eventPrefix: Buffer.from('{"model": "'),
    endsWithBody: false,
  },
];
