/** Rows in OpenAI's wire format: what the API sends, to the letter of its field order and sizes. */
import { chatRequest, CHUNKS, streamedRequest, TOKENS, WORD } from './conversation.js';

const usage = {
  prompt_tokens: TOKENS.prompt,
  completion_tokens: TOKENS.completion,
  total_tokens: TOKENS.total,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

const content = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(18);

const completion = {
  id: 'chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUv',
  object: 'chat.completion',
  created: 1_732_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage,
  service_tier: 'default',
  system_fingerprint: 'fp_0aa8d3e20b',
};

function event(data) {
  return Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
}

const ALPHABET = 'abcdefghijklmnop';
let chunks = 0;

/** Of a length that differs from chunk to chunk, as OpenAI's does. */
const obfuscation = () => ALPHABET.slice(0, 1 + ((chunks++ * 7) % ALPHABET.length));

function chunk(delta, finish_reason = null, choices = [{ index: 0, delta, logprobs: null, finish_reason }]) {
  return {
    id: 'chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUv',
    object: 'chat.completion.chunk',
    created: 1_732_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    system_fingerprint: 'fp_0aa8d3e20b',
    choices,
    usage: null,
    obfuscation: obfuscation(),
  };
}

function textEvents(count) {
  return [
    event(chunk({ role: 'assistant', content: '', refusal: null })),
    ...Array.from({ length: count }, () => event(chunk({ content: WORD }))),
    event(chunk({}, 'stop')),
    event({ ...chunk(null, null, []), usage }),
    event('[DONE]'),
  ];
}

const toolArguments = JSON.stringify({ city: 'Reykjavik', days: 7, notes: 'x'.repeat(CHUNKS * 5) });

function toolEvents() {
  const size = Math.ceil(toolArguments.length / CHUNKS);
  const pieces = Array.from({ length: CHUNKS }, (_, index) =>
    toolArguments.slice(index * size, (index + 1) * size),
  ).filter((piece) => piece !== '');
  const call = (fields, of) => chunk({ tool_calls: [{ index: 0, ...fields, function: of }] });
  return {
    count: pieces.length,
    events: [
      event(
        chunk({
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              index: 0,
              id: 'call_abc123DEF456',
              type: 'function',
              function: { name: 'forecast', arguments: '' },
            },
          ],
        }),
      ),
      ...pieces.map((piece) => event(call({}, { arguments: piece }))),
      event(chunk({}, 'tool_calls')),
      event({ ...chunk(null, null, []), usage }),
      event('[DONE]'),
    ],
  };
}

const tools = [
  {
    type: 'function',
    function: {
      name: 'forecast',
      description: 'The weather of the days to come',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, days: { type: 'integer' }, notes: { type: 'string' } },
        required: ['city', 'days'],
        additionalProperties: false,
      },
    },
  },
];

const VECTORS = 256;
const DIMENSIONS = 1536;

/** The same numbers in every run: a linear congruential generator. */
function* numbers() {
  for (let state = 42; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield (state / 2 ** 32 - 0.5) / 10;
  }
}

function embeddings(encode) {
  const next = numbers();
  const data = Array.from({ length: VECTORS }, (_, index) => ({
    object: 'embedding',
    index,
    embedding: encode(Float32Array.from({ length: DIMENSIONS }, () => Number(next.next().value.toFixed(9)))),
  }));
  return {
    object: 'list',
    data,
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 360, total_tokens: 360 },
  };
}

const inputs = Array.from(
  { length: VECTORS },
  (_, index) => `The quick brown fox number ${index} jumps over the lazy dog.`,
);

/** Stands for all vectors in a comparison: their count, and both ends. */
export function digest(vectors) {
  const [first, last] = [vectors[0], vectors.at(-1)];
  return `${vectors.length} x ${first.length}: ${first[0]} .. ${last.at(-1)}`;
}

function document(body) {
  return { type: 'application/json', pieces: [Buffer.from(JSON.stringify(body))] };
}

function stream(pieces, more = {}) {
  return { type: 'text/event-stream; charset=utf-8', pieces, ...more };
}

const chat = { provider: 'openai', model: 'gpt-4o-mini', prefix: '/v1', path: '/chat/completions' };
const tool = toolEvents();

/** Made at first use: it takes longer than to start a process, and most need none of it. */
function lazy(make) {
  let made;
  return () => (made ??= make());
}

const floats = lazy(() => embeddings((vector) => Array.from(vector, (value) => Number(value.toFixed(9)))));
const base64 = lazy(() => embeddings((vector) => Buffer.from(vector.buffer).toString('base64')));
const vectorsOf = ({ data }) => data.map((item) => item.embedding);

function embeddingRow(id, title, makeDocument, encoding_format, calls) {
  const reply = lazy(() => document(makeDocument()));
  const text = lazy(() => digest(vectorsOf(makeDocument())));
  return {
    id,
    title,
    operation: 'embedding',
    provider: 'openai',
    model: 'text-embedding-3-small',
    prefix: '/v1',
    path: '/embeddings',
    request: { input: inputs, encoding_format },
    get reply() {
      return reply();
    },
    get expected() {
      return { text: text(), pieces: VECTORS, tokens: 360 };
    },
    unit: 'call',
    calls,
  };
}

function streamRow(id, title, count, calls, reply = {}) {
  return {
    ...chat,
    id,
    title,
    operation: 'stream',
    request: streamedRequest,
    reply: stream(textEvents(count), reply),
    expected: { text: WORD.repeat(count), pieces: count, tokens: usage.total_tokens },
    unit: 'chunk',
    calls,
  };
}

export const openaiRows = [
  {
    ...chat,
    id: 'unary',
    title: 'Unary completion',
    operation: 'chat',
    request: chatRequest,
    reply: document(completion),
    expected: { text: content, pieces: 1, tokens: usage.total_tokens },
    unit: 'call',
    calls: { 1: 600, 32: 5000, 256: 5000 },
    warmUp: 6000,
  },
  {
    ...streamRow('stream', 'Stream of 200 chunks, burst', CHUNKS, { 1: 60, 32: 500, 256: 512 }),
    warmUp: 1000,
  },
  streamRow('paced', 'Stream of 200 chunks, one event a read', CHUNKS, { 32: 32, 256: 256 }, { everyMs: 5 }),
  {
    ...streamRow('tools', 'Stream of a tool call, 200 pieces', CHUNKS, { 1: 60, 32: 500, 256: 512 }),
    operation: 'tools',
    warmUp: 1000,
    request: { ...streamedRequest, tools },
    reply: stream(tool.events),
    expected: { text: toolArguments, pieces: tool.count, tokens: usage.total_tokens },
  },
  embeddingRow('embedding', 'Embeddings, 256 x 1536 floats', floats, 'float', { 1: 6, 32: 32 }),
  embeddingRow('embedding-base64', 'Embeddings, 256 x 1536 base64', base64, 'base64', { 1: 12, 32: 96 }),
  streamRow('first-token', 'First token', 3, { 1: 300 }, { everyMs: 2 }),
  streamRow('hold', 'Open stream', 1, {}, { hold: true }),
  ...[10, 100, 1000, 10_000].map((count) => ({
    ...streamRow(`stream-${count}`, `Stream of ${count} chunks`, 0, { 8: Math.max(8, 60_000 / count) }),
    expected: { text: WORD.repeat(count), pieces: count, tokens: usage.total_tokens },
    get reply() {
      return stream(textEvents(count));
    },
  })),
];
