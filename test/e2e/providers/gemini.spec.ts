import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GoogleGenAI } from '@google/genai';
import { LLMock } from '@copilotkit/aimock';
import { Agent } from 'undici';
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  ContextWindowExceededError,
  LlmError,
  LlmHandler,
  LlmService,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServiceUnavailableError,
  StreamInterruptedError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatMessage,
} from '../../../lib/index.js';
import { expectedOf, geminiRecordings, seenOf, unaryOf, usageOf } from '../../support/gemini-oracle.js';
import { fewestOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const FOLDERS = { gemini: 'gemini', vertex: 'vertex_ai' } as const;
const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

/** What of a completion does not depend on when, and how, it was sent. */
function comparable({ created: _created, id: _id, ...completion }: ChatCompletion): unknown {
  const copy = structuredClone(completion) as any;
  for (const { message } of copy.choices) {
    for (const call of message.tool_calls ?? []) {
      call.function.arguments = JSON.parse(call.function.arguments);
      delete call.id;
    }
  }
  return copy;
}

describe.each(Object.entries(FOLDERS))('recorded exchanges of %s', (folder, provider) => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  const { unary, streams, broken, errors } = geminiRecordings(folder as keyof typeof FOLDERS);
  const byName = (list: Recording[]) => list.map((recording) => [recording.name, recording] as const);
  const request = { model: `${provider}/gemini-2.5-flash`, messages: MESSAGES };
  const streamed = { ...request, stream: true, stream_options: { include_usage: true } } as const;
  let replay: Replay;
  let options: { apiKey: string; baseURL: string; retry: { maxRetries: number } };

  beforeAll(async () => {
    replay = await startReplay(11);
    options = { apiKey: 'key', baseURL: `${replay.origin}/v1`, retry: { maxRetries: 0 } };
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  it('has the recordings of every kind', () => {
    expect(unary.length).toBeGreaterThanOrEqual(fewestOf(60));
    expect(streams.length).toBeGreaterThanOrEqual(fewestOf(40));
    expect(errors.length).toBeGreaterThanOrEqual(fewestOf(6));
  });

  it.each(byName(unary))('answers %s', async (_name, recording) => {
    replay.play(recording);
    const completion = await llm.completion(request, options);
    expect(seenOf(completion, provider)).toEqual({
      said: expectedOf([recording.document], true),
      usage: usageOf([recording.document]),
    });
  });

  it.each(byName(streams))('streams %s', async (_name, recording) => {
    replay.play(recording);
    const stream = await llm.completion(streamed, options);
    const chunks: ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const final = await stream.final();
    expect(seenOf(final, provider)).toEqual({
      said: expectedOf(recording.events!),
      usage: usageOf(recording.events!),
    });

    const choices = chunks.flatMap(({ choices: [choice] }) => (choice === undefined ? [] : [choice]));
    expect(choices[0]!.delta.role).toBe('assistant');
    expect(choices.slice(1).some(({ delta }) => delta.role !== undefined)).toBe(false);
    expect(choices.filter(({ finish_reason }) => finish_reason !== null)).toEqual([choices.at(-1)]);
    expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));

    replay.play(unaryOf(recording.events!));
    // What streams arguments in pieces has no unary form.
    if (!recording.body.includes('partialArgs'))
      expect(comparable(final)).toEqual(comparable(await llm.completion(request, options)));
  });

  it.each([2, 3, 5, 8])('gives the same whatever the cuts (seed %i)', async (seed) => {
    const server = await startReplay(seed);
    try {
      for (const recording of streams.filter((_one, index) => index % 4 === seed % 4)) {
        server.play(recording);
        const stream = await llm.completion(streamed, { ...options, baseURL: `${server.origin}/v1` });
        expect(seenOf(await stream.final(), provider).said).toEqual(expectedOf(recording.events!));
      }
    } finally {
      await server.close();
    }
  });

  describe("Google's own SDK, fed the same bytes", () => {
    let sdk: GoogleGenAI;
    const asked = { model: 'gemini-2.5-flash', contents: 'Hi' };
    beforeAll(() => {
      sdk = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: replay.origin } });
    });

    it.each(byName(unary))('agrees on %s', async (_name, recording) => {
      replay.play(recording);
      const theirs: any = await sdk.models.generateContent(asked);
      const ours = await llm.completion(request, options);
      expect(seenOf(ours, provider)).toEqual({
        said: expectedOf([theirs], true),
        usage: usageOf([theirs]),
      });
    });

    // The SDK refuses a last event without the blank line behind it.
    const ended = streams.filter(({ body }) => /(\r\n\r\n|\n\n)$/.test(body.toString('latin1')));
    it.each(byName(ended))('agrees on %s', async (_name, recording) => {
      replay.play(recording);
      const events: any[] = [];
      for await (const event of await sdk.models.generateContentStream(asked)) events.push(event);
      const ours = await (await llm.completion(streamed, options)).final();
      expect(seenOf(ours, provider)).toEqual({ said: expectedOf(events), usage: usageOf(events) });
    });
  });

  it.each(byName(broken))('does not take %s for an answer', async (_name, recording) => {
    replay.play(recording);
    const call = recording.streamed
      ? llm.completion(streamed, options).then((stream) => stream.final())
      : llm.completion(request, options);
    await expect(call).rejects.toBeInstanceOf(LlmError);
  });

  it.each(byName(errors))('throws for %s', async (_name, recording) => {
    replay.play(recording);
    const error = await llm.completion(request, options).catch((thrown: unknown) => thrown as LlmError);
    const told = (Array.isArray(recording.document) ? recording.document[0] : recording.document)?.error;
    expect(error).toMatchObject({ status: recording.status, provider });
    expect((error as LlmError).message).toContain(told?.message ?? 'not found');
  });
});

const JSON_HEADERS = { 'content-type': 'application/json' };
const SSE_HEADERS = { 'content-type': 'text/event-stream' };

const documentOf = (status: number, body: unknown) => ({
  status,
  headers: JSON_HEADERS,
  body: Buffer.from(JSON.stringify(body)),
});

/** A stream; what is text already stands in it as it is. */
const streamOf = (...events: unknown[]) => ({
  status: 200,
  headers: SSE_HEADERS,
  body: Buffer.from(
    events
      .map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\r\n\r\n`))
      .join(''),
  ),
});

const errorOf = (code: number, status: string, message: string, details: unknown[] = []) => ({
  error: { code, status, message, details },
});

const partsOf = (parts: unknown[], more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
});

describe('Gemini', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  const request = { model: 'gemini/gemini-2.5-flash', messages: [{ role: 'user' as const, content: 'Hi' }] };
  let replay: Replay;
  let options: { apiKey: string; baseURL: string; retry: { maxRetries: number } };

  beforeAll(async () => {
    replay = await startReplay(3);
    options = { apiKey: 'k3y-of-mine', baseURL: `${replay.origin}/v1beta`, retry: { maxRetries: 0 } };
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  const failureOf = (call: Promise<unknown>): Promise<any> =>
    call.then(
      () => undefined,
      (reason: unknown) => reason,
    );

  it('asks where the model is, with the key in a header alone', async () => {
    replay.play(documentOf(200, partsOf([{ text: 'Yes' }], { finishReason: 'STOP' })));
    await llm.completion(request, options);
    const asked = replay.requests.at(-1)!;
    expect(asked).toMatchObject({ method: 'POST', path: '/v1beta/models/gemini-2.5-flash:generateContent' });
    expect(asked.headers['x-goog-api-key']).toBe('k3y-of-mine');
    expect(asked.path + JSON.stringify(asked.body)).not.toContain('k3y-of-mine');

    replay.play(streamOf(partsOf([{ text: 'Yes' }], { finishReason: 'STOP' })));
    await (await llm.completion({ ...request, stream: true }, options)).final();
    expect(replay.requests.at(-1)!.path).toBe(
      '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    );
  });

  it.each([
    [404, errorOf(404, 'NOT_FOUND', 'models/x is not found'), NotFoundError, 'not_found'],
    [
      400,
      errorOf(400, 'INVALID_ARGUMENT', 'API key not valid.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
      ]),
      AuthenticationError,
      'invalid_api_key',
    ],
    [
      403,
      errorOf(403, 'PERMISSION_DENIED', 'API has not been used', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED' },
      ]),
      PermissionDeniedError,
      'SERVICE_DISABLED',
    ],
    [
      400,
      errorOf(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1048580) exceeds the maximum number of tokens allowed (1048576).',
      ),
      ContextWindowExceededError,
      'context_length_exceeded',
    ],
    [
      503,
      errorOf(503, 'UNAVAILABLE', 'The model is overloaded.'),
      ServiceUnavailableError,
      'service_unavailable',
    ],
    [429, [errorOf(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted.')], RateLimitError, 'rate_limit_exceeded'],
  ])('answers %i as what it is', async (status, body, expected, code) => {
    replay.play(documentOf(status, body));
    for (const stream of [false, true] as const) {
      const error = await failureOf(llm.completion({ ...request, stream } as never, options));
      expect(error).toBeInstanceOf(expected);
      expect(error).toMatchObject({ status, code, provider: 'gemini' });
    }
  });

  it('waits as long as the body of a 429 asks for', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }];
    replay.play(documentOf(429, errorOf(429, 'RESOURCE_EXHAUSTED', 'Slow down', details)));
    expect(await failureOf(llm.completion(request, options))).toMatchObject({
      retryable: true,
      retryAfterMs: 34_400,
    });
  });

  it.each([
    [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId: 'RequestsPerDay' }] }],
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'RATE_LIMIT_EXCEEDED',
        metadata: { quota_limit_value: '0' },
      },
    ],
  ])('does not retry a quota that is used up: %j', async (detail) => {
    replay.play(documentOf(429, errorOf(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', [detail])));
    expect(await failureOf(llm.completion(request, options))).toMatchObject({
      name: 'RateLimitError',
      code: 'quota_exhausted',
      retryable: false,
    });
  });

  const first = partsOf([{ text: 'First ' }], { finishReason: 'STOP' });
  it.each([
    ['as an event', errorOf(503, 'UNAVAILABLE', 'overloaded'), ServiceUnavailableError],
    ['as an event with a list', [errorOf(429, 'RESOURCE_EXHAUSTED', 'overloaded')], RateLimitError],
    [
      'as plain JSON behind the events',
      JSON.stringify(errorOf(499, 'CANCELLED', 'overloaded'), undefined, 2),
      APIError,
    ],
  ])('fails a stream that ends in an error %s', async (_how, event, expected) => {
    replay.play(streamOf(first, event));
    const stream = await llm.completion({ ...request, stream: true }, options);
    const texts: unknown[] = [];
    const error = await failureOf(
      (async () => {
        for await (const { choices } of stream) texts.push(choices[0]?.delta.content);
      })(),
    );
    expect(texts).toEqual(['First ']);
    expect(error).toBeInstanceOf(expected);
    expect(error).not.toBeInstanceOf(StreamInterruptedError);
    expect(error.message).toContain('overloaded');
  });

  it('interrupts a stream whose last event gives no reason', async () => {
    replay.play(streamOf(first, partsOf([{ text: 'second' }])));
    const stream = await llm.completion({ ...request, stream: true }, options);
    const error = await failureOf(stream.final());
    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error.partial.choices[0]).toMatchObject({
      finish_reason: null,
      message: { content: 'First second' },
    });
  });

  it.each([
    ['SAFETY', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'content_filter'],
    ['MAX_TOKENS', 'length'],
    ['STOP', 'stop'],
  ])('ends with %s as %s', async (finishReason, expected) => {
    const ratings = [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'HIGH', blocked: true }];
    replay.play(documentOf(200, partsOf([{ text: 'x' }], { finishReason, safetyRatings: ratings })));
    const [choice] = (await llm.completion(request, options)).choices;
    expect(choice!.finish_reason).toBe(expected);
    expect(choice!.message.provider_specific_fields!['gemini']).toEqual({
      safetyRatings: ratings,
      ...(expected === 'content_filter' && { finishReason }),
    });
  });

  it('says why it refused a prompt', async () => {
    const promptFeedback = { blockReason: 'BLOCKLIST', blockReasonMessage: 'a word' };
    replay.play(
      documentOf(200, { promptFeedback, usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } }),
    );
    const { choices, usage } = await llm.completion(request, options);
    expect(choices).toMatchObject([
      {
        finish_reason: 'content_filter',
        message: { content: null, provider_specific_fields: { gemini: { promptFeedback } } },
      },
    ]);
    expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 });
  });

  it('gives each of several candidates its choice, streamed or not', async () => {
    const candidate = (index: number, text: string, more: object = {}) => ({
      index,
      content: { role: 'model', parts: [{ text }] },
      ...more,
    });
    const end = { finishReason: 'STOP' };
    replay.play(documentOf(200, { candidates: [candidate(0, 'one', end), candidate(1, 'two', end)] }));
    const unary = await llm.completion({ ...request, n: 2 }, options);
    expect(replay.requests.at(-1)!.body.generationConfig).toEqual({ candidateCount: 2 });
    replay.play(
      streamOf(
        { candidates: [candidate(1, 'tw')] },
        { candidates: [candidate(0, 'one', end)] },
        { candidates: [candidate(1, 'o', end)] },
      ),
    );
    const streamed = await (await llm.completion({ ...request, n: 2, stream: true }, options)).final();
    for (const { choices } of [unary, streamed]) {
      expect(
        choices.map(({ index, message, finish_reason }) => [index, message.content, finish_reason]),
      ).toEqual([
        [0, 'one', 'stop'],
        [1, 'two', 'stop'],
      ]);
    }
  });

  it('gives log probabilities in the shape of OpenAI', async () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'Hé', logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: 'Hé', logProbability: -0.5 },
            { token: 'Ho', logProbability: -1 },
          ],
        },
      ],
    };
    const answer = partsOf([{ text: 'Hé' }], { finishReason: 'STOP', logprobsResult });
    const asked = { ...request, logprobs: true, top_logprobs: 2 };
    replay.play(documentOf(200, answer));
    const unary = await llm.completion(asked, options);
    replay.play(streamOf(answer));
    const streamed = await (await llm.completion({ ...asked, stream: true }, options)).final();
    for (const { choices } of [unary, streamed]) {
      expect(choices[0]!.logprobs!.content).toEqual([
        {
          token: 'Hé',
          logprob: -0.5,
          bytes: [72, 195, 169],
          top_logprobs: [
            { token: 'Hé', logprob: -0.5, bytes: [72, 195, 169] },
            { token: 'Ho', logprob: -1, bytes: [72, 111] },
          ],
        },
      ]);
    }
    expect(replay.requests.at(-1)!.body.generationConfig).toEqual({ responseLogprobs: true, logprobs: 2 });
  });

  it('cites its sources where they stand in the text', async () => {
    const text = 'Grüße aus Köln: 5 Grad.';
    const cited = 'Köln: 5 Grad';
    const startIndex = Buffer.byteLength(text.slice(0, text.indexOf(cited)));
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://weather.example/k', title: 'weather.example' } }],
      groundingSupports: [
        {
          segment: { startIndex, endIndex: startIndex + Buffer.byteLength(cited), text: cited },
          groundingChunkIndices: [0],
        },
      ],
    };
    replay.play(
      streamOf(
        partsOf([{ text: text.slice(0, 8) }], { groundingMetadata: {} }),
        partsOf([{ text: text.slice(8) }], { finishReason: 'STOP', groundingMetadata }),
      ),
    );
    const final = await (await llm.completion({ ...request, stream: true }, options)).final();
    const [annotation] = final.choices[0]!.message.annotations!;
    const { start_index: start, end_index: end, url } = annotation!.url_citation;
    expect(text.slice(start, end)).toBe(cited);
    expect(url).toBe('https://weather.example/k');
    expect(final.citations).toEqual([url]);
    expect(final.choices[0]!.message.provider_specific_fields!['gemini']).toEqual({ groundingMetadata });
  });

  it('streams arguments as they come', async () => {
    const piece = (functionCall: object) => partsOf([{ functionCall }]);
    replay.play(
      streamOf(
        piece({ name: 'write', willContinue: true }),
        piece({
          partialArgs: [{ jsonPath: '$.files[0].text', stringValue: 'say "', willContinue: true }],
          willContinue: true,
        }),
        piece({ partialArgs: [{ jsonPath: '$.files[0].text', stringValue: 'hi"' }], willContinue: true }),
        piece({
          partialArgs: [{ jsonPath: '$.files[1].text', nullValue: 'NULL_VALUE' }],
          willContinue: true,
        }),
        piece({ partialArgs: [{ jsonPath: "$['a.b']", boolValue: true }] }),
        partsOf([{ text: '' }], { finishReason: 'STOP' }),
      ),
    );
    const stream = await llm.completion({ ...request, stream: true }, options);
    const pieces: string[] = [];
    for await (const { choices } of stream)
      for (const call of choices[0]?.delta.tool_calls ?? []) pieces.push(call.function!.arguments!);
    expect(pieces.filter((text) => text !== '').length).toBeGreaterThanOrEqual(4);
    expect(JSON.parse(pieces.join(''))).toEqual({
      files: [{ text: 'say "hi"' }, { text: null }],
      'a.b': true,
    });
  });

  it('takes its own answers back as they are', async () => {
    const parts = [
      { text: 'Let me see.', thought: true },
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
      { text: 'I look it up.', thoughtSignature: 'c2lnLXRleHQ=' },
      { functionCall: { name: 'a', args: { x: 1 } }, thoughtSignature: 'c2lnLWE=' },
      { functionCall: { id: 'native-1', name: 'b', args: {} } },
    ];
    replay.play(documentOf(200, partsOf(parts, { finishReason: 'STOP' })));
    const { message } = (await llm.completion(request, options)).choices[0]!;
    const [a, b] = message.tool_calls!;
    expect(b!.id).toBe('native-1');
    expect(a!.id).toMatch(/^call_/);
    const messages: ChatMessage[] = [
      ...request.messages,
      message,
      { role: 'tool', tool_call_id: b!.id, content: '{"of":"b"}' },
      { role: 'tool', tool_call_id: a!.id, content: 'of a' },
    ];
    await llm.completion({ ...request, messages }, options);
    expect(replay.requests.at(-1)!.body.contents.slice(1)).toEqual([
      { role: 'model', parts },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'a', response: { output: 'of a' } } },
          { functionResponse: { id: 'native-1', name: 'b', response: { of: 'b' } } },
        ],
      },
    ]);
  });

  describe('embeddings', () => {
    const model = 'gemini/gemini-embedding-001';

    it('embeds one text, with what only Gemini has', async () => {
      replay.play(
        documentOf(200, { embedding: { values: [0.5, -1] }, usageMetadata: { promptTokenCount: 2 } }),
      );
      const own = { providerOptions: { gemini: { taskType: 'RETRIEVAL_QUERY' } } };
      expect(await llm.embedding({ model, input: 'a', dimensions: 2, ...own }, options)).toEqual({
        object: 'list',
        model: 'gemini-embedding-001',
        data: [{ object: 'embedding', index: 0, embedding: [0.5, -1] }],
        usage: { prompt_tokens: 2, total_tokens: 2 },
      });
      expect(replay.requests.at(-1)).toMatchObject({
        path: '/v1beta/models/gemini-embedding-001:embedContent',
        body: {
          content: { parts: [{ text: 'a' }] },
          outputDimensionality: 2,
          taskType: 'RETRIEVAL_QUERY',
        },
      });
    });

    it('splits what is more than a batch and joins it in order, in base64 too', async () => {
      const input = Array.from({ length: 130 }, (_one, index) => `text ${index}`);
      const batch = (from: number, to: number) =>
        documentOf(200, {
          embeddings: input.slice(from, to).map((_text, index) => ({ values: [from + index] })),
        });
      replay.play(batch(0, 100), batch(100, 130));
      const before = replay.requests.length;
      const { data } = await llm.embedding({ model, input, encoding_format: 'base64' }, options);
      expect(data.map(({ embedding }) => Buffer.from(embedding, 'base64').readFloatLE())).toEqual(
        input.map((_text, index) => index),
      );
      const asked = replay.requests.slice(before);
      expect(asked.map(({ body }) => body.requests.length)).toEqual([100, 30]);
      expect(asked[0]).toMatchObject({ path: '/v1beta/models/gemini-embedding-001:batchEmbedContents' });
      expect(asked[1]!.body.requests[29]).toEqual({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text: 'text 129' }] },
      });
    });

    it('takes no tokens, and no batch with an answer missing', async () => {
      await expect(llm.embedding({ model, input: [1, 2] }, options)).rejects.toBeInstanceOf(BadRequestError);
      replay.play(documentOf(200, { embeddings: [{ values: [1] }, {}] }));
      await expect(llm.embedding({ model, input: ['a', 'b'] }, options)).rejects.toMatchObject({
        name: 'APIResponseValidationError',
      });
    });
  });

  describe('aimock', () => {
    const mock = new LLMock();
    let own: { apiKey: string; baseURL: string };
    beforeAll(async () => {
      mock.onMessage('weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] });
      mock.onMessage(/.*/, { content: 'Hello there, friend' });
      await mock.start();
      own = { apiKey: 'key', baseURL: `${mock.url}/v1beta` };
    });
    afterAll(() => mock.stop());

    it.each([false, true])('answers in words (stream %s)', async (stream) => {
      const answer: any = await llm.completion({ ...request, stream } as never, own);
      const { choices } = stream ? await answer.final() : answer;
      expect(choices[0]).toMatchObject({
        message: { content: 'Hello there, friend' },
        finish_reason: 'stop',
      });
    });

    it.each([false, true])('calls a function (stream %s)', async (stream) => {
      const asked = {
        ...request,
        messages: [{ role: 'user', content: 'weather' }],
        tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
        stream,
      };
      const answer: any = await llm.completion(asked as never, own);
      const [call] = (stream ? await answer.final() : answer).choices[0].message.tool_calls;
      expect(call).toMatchObject({ type: 'function', function: { name: 'weather' } });
      expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Rome' });
    });
  });
});
