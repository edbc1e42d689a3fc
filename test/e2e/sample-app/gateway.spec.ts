import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI, { APIError, AuthenticationError, BadRequestError, RateLimitError } from 'openai';
import { MESSAGES, TEST_KEY } from '../../support/llm.js';
import {
  answerEndless,
  answerText,
  chunkOf,
  completionOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../../support/upstream.js';
import { ADAPTERS, openAIAt, startSample, type Sample } from './support/sample.js';

const CHAT = { model: 'openai/test-model', messages: MESSAGES };
const BODY_LIMIT = 64 * 1024;

const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];

describe.each(ADAPTERS)('the gateway on %s', (adapter) => {
  let upstream: Upstream;
  let sample: Sample;
  let client: OpenAI;

  beforeAll(async () => {
    upstream = await startUpstream();
    sample = await startSample(
      { adapter, bodyLimit: BODY_LIMIT },
      { ...openAIAt(upstream), LLM_MODELS: 'ollama/llama3.2, openai/test-model, openai/embed' },
    );
    client = new OpenAI({ baseURL: `${sample.url}/v1`, apiKey: 'the-client-has-its-own', maxRetries: 0 });
  });

  beforeEach(() => upstream.answer(answerText()));

  afterAll(async () => {
    await sample.close();
    await upstream.close();
  });

  describe("to OpenAI's client", () => {
    it('completes a chat, with the key of the server', async () => {
      const { data, request_id } = await client.chat.completions
        .create({ ...CHAT, temperature: 0.5 })
        .withResponse();
      expect({ ...data, _request_id: undefined }).toEqual(completionOf('Hello, world'));
      expect(request_id).toBeNull();
      const { headers, body } = upstream.requests.at(-1)!;
      expect(headers.authorization).toBe(`Bearer ${TEST_KEY}`);
      expect(body).toEqual({ model: 'test-model', messages: MESSAGES, temperature: 0.5 });
    });

    it('completes a chat that names no model with the default one', async () => {
      await client.chat.completions.create({ messages: MESSAGES } as never);
      expect(upstream.requests.at(-1)!.body.model).toBe('gpt-4o-mini');
    });

    it.each([false, true])("passes the upstream's headers on (stream: %s)", async (stream) => {
      upstream.answer((request, response) => {
        response.setHeader('x-request-id', 'req_1');
        response.setHeader('x-ratelimit-remaining-requests', '41');
        response.setHeader('x-internal', 'no');
        return answerText()(request, response);
      });
      const { response, request_id } = await client.chat.completions
        .create({ ...CHAT, stream })
        .withResponse();
      expect(request_id).toBe('req_1');
      expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('41');
      expect(response.headers.has('x-internal')).toBe(false);
    });

    it('streams a chat', async () => {
      const stream = await client.chat.completions.create({ ...CHAT, stream: true });
      let text = '';
      for await (const { choices } of stream) text += choices[0]!.delta.content ?? '';
      expect(text).toBe('Hello, world');
    });

    it('passes tools, and calls of them, through', async () => {
      const call = {
        id: 'call_1',
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"Rom"}' },
      };
      upstream.answer((_request, response) =>
        sendJson(
          response,
          completionOf('', {
            choices: [
              {
                index: 0,
                message: { role: 'assistant', content: null, tool_calls: [call] },
                finish_reason: 'tool_calls',
              },
            ],
          }),
        ),
      );
      const { choices } = await client.chat.completions.create({ ...CHAT, tools: TOOLS });
      expect(choices[0]!.message.tool_calls).toEqual([call]);
      expect(upstream.requests.at(-1)!.body.tools).toEqual(TOOLS);
    });

    it('passes streamed calls of tools through', async () => {
      const delta = (fields: object) => eventOf(chunkOf({ tool_calls: [{ index: 0, ...fields }] }));
      upstream.answer((_request, response) => {
        sendEvents(response, [
          eventOf(chunkOf({ role: 'assistant', content: null })),
          delta({ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }),
          delta({ function: { arguments: '{"city":' } }),
          delta({ function: { arguments: '"Rom"}' } }),
          eventOf(chunkOf({}, 'tool_calls')),
          eventOf('[DONE]'),
        ]);
        response.end();
      });
      const { choices } = await client.chat.completions
        .stream({ ...CHAT, tools: TOOLS })
        .finalChatCompletion();
      expect(choices[0]!.message.tool_calls![0]).toMatchObject({
        id: 'call_1',
        function: { name: 'weather', arguments: '{"city":"Rom"}' },
      });
    });

    it('lists the configured models', async () => {
      const { data } = await client.models.list();
      expect(data).toEqual([
        { id: 'openai/gpt-4o-mini', object: 'model', created: expect.any(Number), owned_by: 'openai' },
        { id: 'ollama/llama3.2', object: 'model', created: expect.any(Number), owned_by: 'ollama' },
        { id: 'openai/test-model', object: 'model', created: expect.any(Number), owned_by: 'openai' },
        { id: 'openai/embed', object: 'model', created: expect.any(Number), owned_by: 'openai' },
      ]);
    });

    it.each([
      ['an upstream that encodes them', [0.5, -0.25, 2], true],
      ['an upstream that ignores the encoding', [0.5, -0.25, 2], false],
    ])('embeds with the base64 that it asks for by default, from %s', async (_what, vector, encodes) => {
      const encoded = Buffer.from(new Float32Array(vector).buffer).toString('base64');
      upstream.answer((_request, response) =>
        sendJson(response, {
          object: 'list',
          model: 'embed',
          data: [{ object: 'embedding', index: 0, embedding: encodes ? encoded : vector }],
          usage: { prompt_tokens: 1, total_tokens: 1 },
        }),
      );
      const { data } = await client.embeddings.create({ model: 'openai/embed', input: 'Hi' });
      expect(upstream.requests.at(-1)).toMatchObject({
        path: '/v1/embeddings',
        body: { model: 'embed', input: 'Hi', encoding_format: 'base64' },
      });
      expect([...data[0]!.embedding]).toEqual(vector);
    });

    it('leaves numbers as they are where the client asks for them', async () => {
      upstream.answer((_request, response) =>
        sendJson(response, {
          object: 'list',
          model: 'embed',
          data: [{ object: 'embedding', index: 0, embedding: [0.1] }],
          usage: { prompt_tokens: 1, total_tokens: 1 },
        }),
      );
      const { data } = await client.embeddings.create({
        model: 'openai/embed',
        input: ['Hi'],
        encoding_format: 'float',
      });
      expect(data[0]!.embedding).toEqual([0.1]);
    });

    it.each([false, true])('fails with its typed error for a refused key (stream: %s)', async (stream) => {
      upstream.answer((_request, response) =>
        sendJson(
          response,
          {
            error: {
              message: `Incorrect key ${TEST_KEY}`,
              type: 'invalid_request_error',
              code: 'invalid_api_key',
            },
          },
          401,
        ),
      );
      const error = await client.chat.completions.create({ ...CHAT, stream }).catch((caught) => caught);
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' });
      expect(error.message).not.toContain(TEST_KEY);
    });

    it.each([false, true])('fails with its typed error for a rate limit (stream: %s)', async (stream) => {
      upstream.answer((_request, response) =>
        sendJson(
          response,
          { error: { message: 'Slow down', type: 'tokens', code: 'rate_limit_exceeded' } },
          429,
          {
            'retry-after': '90',
            'x-request-id': 'req_2',
          },
        ),
      );
      const error = await client.chat.completions.create({ ...CHAT, stream }).catch((caught) => caught);
      expect(error).toBeInstanceOf(RateLimitError);
      expect(error.headers.get('retry-after')).toBe('90');
      expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'tokens', requestID: 'req_2' });
    });

    it('fails with its typed error for a provider that there is none of', async () => {
      const error = await client.chat.completions
        .create({ ...CHAT, model: 'opnai/gpt' })
        .catch((caught) => caught);
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ code: 'unknown_provider', param: 'model' });
      expect(error.message).toContain('openai');
    });

    it('throws in the loop when the upstream breaks in the middle', async () => {
      upstream.answer((_request, response) => {
        sendEvents(response, eventsOf(['Hello']).slice(0, 2));
        response.socket!.end();
      });
      const stream = await client.chat.completions.create({ ...CHAT, stream: true });
      let text = '';
      const reading = (async () => {
        for await (const { choices } of stream) text += choices[0]!.delta.content ?? '';
      })();
      const error = await reading.catch((caught) => caught);
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ code: 'stream_interrupted' });
      expect(text).toBe('Hello');
    });

    it('closes the connection to the upstream when the client aborts a stream', async () => {
      upstream.answer(answerEndless());
      const incoming = upstream.nextRequest();
      const stream = await client.chat.completions.create({ ...CHAT, stream: true });
      const { closed } = await incoming;
      for await (const chunk of stream) {
        expect(chunk.object).toBe('chat.completion.chunk');
        break;
      }
      await closed;
    });
  });

  describe('on the wire', () => {
    /** Posts as any client might, with headers that `fetch` would not let through. */
    function send(headers: Record<string, string>, body: unknown): Promise<{ status: number; body: any }> {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return new Promise((resolve, reject) => {
        const request = httpRequest(`${sample.url}/v1/chat/completions`, {
          method: 'POST',
          agent: false,
          headers: { 'content-type': 'application/json', ...headers },
        });
        request.on('error', reject).on('response', (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
          response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(answer) }));
        });
        request.end(text);
      });
    }

    it.each([
      [
        'a form of another site',
        { 'content-type': 'application/x-www-form-urlencoded' },
        'model=openai%2Ftest-model',
        415,
      ],
      ['a text of another site', { 'content-type': 'text/plain' }, JSON.stringify(CHAT), 415],
      ['a name that somebody else points here', { host: 'evil.example:3000' }, CHAT, 403],
      ['a model that is not listed', {}, { ...CHAT, model: 'anthropic/claude-sonnet-4-5' }, 400],
      ['a model that is slipped in', {}, { ...CHAT, providerOptions: { openai: { model: 'o1-pro' } } }, 400],
    ])("refuses %s, in OpenAI's shape and without a call upstream", async (_what, headers, body, status) => {
      const before = upstream.requests.length;
      const answer = await send(headers, body);
      expect(answer.status).toBe(status);
      expect(answer.body).toEqual({
        error: {
          message: expect.any(String),
          type: expect.any(String),
          param: answer.body.error.param,
          code: expect.any(String),
        },
      });
      expect(upstream.requests.length - before).toBe(0);
    });

    it('takes the names of this machine', async () => {
      for (const host of ['localhost', 'LOCALHOST:3000', '127.0.0.1', '[::1]:3000']) {
        expect((await send({ host }, CHAT)).status).toBe(200);
      }
    });

    it('has a limit for the time in which a request arrives', () => {
      expect(sample.app.getHttpServer().requestTimeout).toBe(60_000);
    });

    it("streams the upstream's bytes as they are", async () => {
      const response = await sample.post('/v1/chat/completions', { ...CHAT, stream: true });
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
      expect(await response.text()).toBe(eventsOf(['Hello', ', ', 'world']).join(''));
    });

    it.each([
      ['malformed JSON', '{"messages": [', 400, 'invalid_request'],
      [
        'a body over the limit',
        JSON.stringify({ messages: 'a'.repeat(BODY_LIMIT) }),
        413,
        'request_too_large',
      ],
      ['messages that are no list', { messages: 'Hi' }, 400, 'invalid_request'],
      ['messages that are empty', { messages: [] }, 400, 'invalid_request'],
      ['a body that is no object', [1], 400, 'invalid_request'],
    ])("refuses %s in OpenAI's shape", async (_what, body, status, code) => {
      const before = upstream.requests.length;
      const response = await sample.post('/v1/chat/completions', body);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        error: expect.objectContaining({ message: expect.any(String), type: 'invalid_request_error', code }),
      });
      expect(upstream.requests).toHaveLength(before);
    });

    it("answers an unknown route in OpenAI's shape under /v1 only", async () => {
      const under = await fetch(`${sample.url}/v1/audio/speech`);
      expect(under.status).toBe(404);
      expect(await under.json()).toMatchObject({ error: { code: 'not_found' } });
      const beside = await fetch(`${sample.url}/nothing`);
      expect(beside.status).toBe(404);
      expect(await beside.json()).toMatchObject({ statusCode: 404, message: expect.any(String) });
    });

    it('takes a body just under the limit', async () => {
      const content = 'a'.repeat(BODY_LIMIT - 200);
      const response = await sample.post('/v1/chat/completions', {
        ...CHAT,
        messages: [{ role: 'user', content }],
      });
      expect(response.status).toBe(200);
      expect(upstream.requests.at(-1)!.body.messages[0].content).toHaveLength(content.length);
    });
  });
});
