/** A row in Bedrock's wire format: what ConverseStream sends, to the letter of its field order and sizes. */
import { crc32 } from 'node:zlib';
import {
  CHUNKS,
  MAX_TOKENS,
  question,
  system,
  temperature,
  textStream,
  TOKENS,
  WORD,
} from './conversation.js';

const model = 'anthropic.claude-haiku-4-5-20251001-v1:0';

const STRING = 7;

function header(name, value) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([STRING]),
    length,
    Buffer.from(value),
  ]);
}

/**
 * A message of an AWS event stream: its length and that of its headers, their checksum, headers, payload, checksum.
 *
 * @see {@link https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html}
 */
function message(type, payload) {
  const headers = Buffer.concat([
    header(':event-type', type),
    header(':content-type', 'application/json'),
    header(':message-type', 'event'),
  ]);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(prelude.length + headers.length + body.length + 4, 0);
  prelude.writeUInt32BE(headers.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const checked = Buffer.concat([prelude, headers, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(checked));
  return Buffer.concat([checked, checksum]);
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** What the API pads each of its payloads with. */
const padding = (index) => ALPHABET.slice(0, 1 + ((index * 23) % ALPHABET.length));

/** The API writes the fields of a payload in the order of their names. */
const messages = [
  ['messageStart', { p: padding(0), role: 'assistant' }],
  ...Array.from({ length: CHUNKS }, (_, index) => [
    'contentBlockDelta',
    { contentBlockIndex: 0, delta: { text: WORD }, p: padding(index) },
  ]),
  ['contentBlockStop', { contentBlockIndex: 0, p: padding(1) }],
  ['messageStop', { p: padding(2), stopReason: 'end_turn' }],
  [
    'metadata',
    {
      metrics: { latencyMs: 1176 },
      p: padding(3),
      usage: {
        inputTokens: TOKENS.prompt,
        outputTokens: TOKENS.completion,
        serverToolUsage: {},
        totalTokens: TOKENS.total,
      },
    },
  ],
].map(([type, payload]) => message(type, payload));

export const bedrockRows = [
  {
    ...textStream,
    id: 'bedrock-stream',
    title: 'Bedrock, ConverseStream of 200 chunks, burst',
    provider: 'bedrock',
    model,
    prefix: '',
    path: `/model/${encodeURIComponent(model)}/converse-stream`,
    request: {
      inferenceConfig: { maxTokens: MAX_TOKENS, temperature },
      messages: [{ role: 'user', content: [{ text: question }] }],
      system: [{ text: system }],
    },
    reply: { type: 'application/vnd.amazon.eventstream', pieces: messages },
  },
];
