import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LlmHandler, LlmService, type ChatCompletionChunk } from '../../lib/index.js';
import { startUpstream, type Upstream } from '../support/upstream.js';

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

const sse = (...events: unknown[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');

const chunk = (choices: object[], more: object = {}): object => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices,
  ...more,
});

const SAID = chunk([{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }]);
const DONE = chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]);
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const OPENAI = sse(SAID, DONE, chunk([], { usage: USAGE }), '[DONE]');

const RESPONSE = {
  id: 'r',
  model: 'm',
  created_at: 1,
  status: 'completed',
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello' }] }],
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
};

/** A stream of each wire format that counts three tokens and two. */
const STREAMS: readonly (readonly [model: string, body: string])[] = [
  ['openai/m', OPENAI],
  ['azure/m', OPENAI],
  ['groq/m', OPENAI],
  ['hosted_vllm/m', OPENAI],
  ['mistral/m', OPENAI],
  ['openai/responses/m', sse({ type: 'response.completed', response: RESPONSE })],
  [
    'cohere/m',
    sse(
      { type: 'message-start', id: 'c' },
      { type: 'content-delta', delta: { message: { content: { text: 'Hello' } } } },
      {
        type: 'message-end',
        delta: {
          finish_reason: 'COMPLETE',
          usage: { tokens: { input_tokens: 3, output_tokens: 2 } },
        },
      },
    ),
  ],
  [
    'ollama/m',
    `${JSON.stringify({ message: { content: 'Hello' } })}\n${JSON.stringify({
      message: { content: '' },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 3,
      eval_count: 2,
    })}\n`,
  ],
  [
    'anthropic/m',
    sse(
      {
        type: 'message_start',
        message: { id: 'a', model: 'm', usage: { input_tokens: 3, output_tokens: 0 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ),
  ],
  [
    'gemini/m',
    sse({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    }),
  ],
];

let upstream: Upstream;
let handler: LlmHandler;

beforeEach(async () => {
  upstream = await startUpstream();
  handler = new LlmHandler({});
});

afterEach(async () => {
  await handler.close();
  await upstream.close();
});

async function stream(model: string, body: string, request: object = {}, options: object = {}) {
  upstream.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(body);
  });
  const provider = model.slice(0, model.indexOf('/'));
  const llm = new LlmService(handler, {
    providers: { [provider]: { apiKey: 'key', baseURL: upstream.baseURL, ...options } },
  });
  const answer = await llm.completion({ model, messages: MESSAGES, stream: true, ...request });
  const chunks: ChatCompletionChunk[] = [];
  for await (const one of answer) chunks.push(one);
  return { chunks, final: await answer.final(), sent: upstream.requests.at(-1)!.body };
}

describe('the usage of a stream', () => {
  describe.each(STREAMS)('of %s', (model, body) => {
    it('is there for a caller who did not ask for it, without a chunk that says it', async () => {
      const { chunks, final } = await stream(model, body);
      expect(final.choices[0]!.message.content).toBe('Hello');
      expect(final.usage).toMatchObject(USAGE);
      expect(final.meta.usage).toMatchObject(USAGE);
      expect(chunks.filter(({ choices, usage }) => choices.length === 0 || usage)).toEqual([]);
    });

    it('is in the last chunk for one who did', async () => {
      const { chunks, final } = await stream(model, body, { stream_options: { include_usage: true } });
      expect(chunks.at(-1)!.usage).toMatchObject(USAGE);
      expect(final.meta.usage).toMatchObject(USAGE);
    });
  });

  it.each([
    ['openai/m', {}, {}, { include_usage: true }],
    ['deepseek/m', {}, {}, { include_usage: true }],
    ['azure/m', {}, { apiVersion: '2024-10-21' }, { include_usage: true }],
    ['azure/m', {}, { apiVersion: 'v1' }, { include_usage: true }],
    ['azure/m', {}, { apiVersion: '2024-02-01' }, undefined],
    ['ai21_chat/m', {}, {}, undefined],
    ['openai/m', {}, { streamUsage: false }, undefined],
    ['groq/m', {}, { streamUsage: false }, undefined],
    ['openai/m', { stream_options: { include_usage: false } }, {}, { include_usage: false }],
  ])('%s with %j and the options %j is sent stream_options %j', async (model, request, options, expected) => {
    const { sent } = await stream(model, OPENAI, request, options);
    expect(sent.stream_options).toEqual(expected);
  });

  it('leaves what else such a chunk says', async () => {
    const verdict = { usage: USAGE, moderation: { input: 'kept' } };
    const { chunks, final } = await stream('openai/m', sse(SAID, DONE, chunk([], verdict), '[DONE]'));
    expect(chunks.at(-1)).toEqual(chunk([], { moderation: { input: 'kept' } }));
    expect(final).toMatchObject(verdict);
  });
});

describe('meta.usage', () => {
  it('is that of a unary call', async () => {
    const llm = new LlmService(handler, {
      providers: { openai: { apiKey: 'key', baseURL: upstream.baseURL } },
    });
    const { usage, meta } = await llm.completion({ model: 'openai/m', messages: MESSAGES });
    expect(meta.usage).toEqual(usage);
    expect(JSON.parse(JSON.stringify(meta)).usage).toEqual(usage);
  });

  it('is the sum of all requests of an embedding', async () => {
    upstream.answer(({ body }, response) => {
      const data = body.input.map((_: string, index: number) => ({ index, embedding: [0.5] }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data, usage: { prompt_tokens: body.input.length } }));
    });
    const llm = new LlmService(handler, {
      providers: { dashscope: { apiKey: 'key', baseURL: upstream.baseURL } },
    });
    const input = Array.from({ length: 11 }, () => 'text');
    const { meta } = await llm.embedding({ model: 'dashscope/m', input });
    expect(meta.usage).toEqual({ prompt_tokens: 11, completion_tokens: 0, total_tokens: 11 });
  });
});
