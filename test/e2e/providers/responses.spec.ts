import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { Agent } from 'undici';
import {
  APIResponseValidationError,
  BadRequestError,
  InternalServerError,
  LlmHandler,
  LlmService,
  RateLimitError,
  StreamInterruptedError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatMessage,
} from '../../../lib/index.js';
import { fewestOf, frame, type Recording } from '../../support/recordings.js';
import { expectedOfDocument, expectedOfEvents, responsesRecordings } from '../../support/responses-oracle.js';
import { startReplay, type Replay } from '../../support/replay.js';

const USER = {
  model: 'openai/responses/m',
  messages: [{ role: 'user' as const, content: 'Hi' }] as ChatMessage[],
};
const STREAMED = { ...USER, stream: true, stream_options: { include_usage: true } } as const;
/** Recordings whose pieces do not make up the whole text: some were taken out by those who published them. */
const SHORTENED = /openai-phase|openai-shell-container\.1/;
const isBroken = ({ events }: Recording) => events?.some((event) => typeof event === 'string') === true;

function seenOf(completion: ChatCompletion) {
  const { message, finish_reason: finish } = completion.choices[0]!;
  const { usage } = completion;
  return {
    text: message.content ?? '',
    refusal: message.refusal ?? '',
    reasoning: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).map((call) =>
      call.type === 'custom'
        ? { id: call.id, name: call.custom.name, input: call.custom.input }
        : { id: call.id, name: call.function.name, input: call.function.arguments },
    ),
    annotations: message.annotations ?? [],
    citations: completion.citations ?? [],
    finish,
    usage: {
      prompt: usage?.prompt_tokens,
      completion: usage?.completion_tokens,
      total: usage?.total_tokens,
      cached: usage?.prompt_tokens_details?.cached_tokens,
      thinking: usage?.completion_tokens_details?.reasoning_tokens,
    },
  };
}

function nativeOf(completion: ChatCompletion): any {
  return completion.choices[0]!.message.provider_specific_fields?.['openai'];
}

function unaryOf(document: unknown, status = 200): Pick<Recording, 'status' | 'headers' | 'body'> {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(document)),
  };
}

function streamOf(events: readonly unknown[]): Pick<Recording, 'status' | 'headers' | 'body'> {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: frame(events, 'named-sse'),
  };
}

const agent = new Agent();
const llm = new LlmService(new LlmHandler({ session: agent }));
let replay: Replay;
let options: { apiKey: string; baseURL: string };

beforeAll(async () => {
  replay = await startReplay(11);
  options = { apiKey: 'key', baseURL: `${replay.origin}/v1` };
});
afterAll(async () => {
  await agent.destroy();
  await replay.close();
});

describe('recorded exchanges of the Responses API', () => {
  const recordings = responsesRecordings();
  const errors = recordings.filter(
    ({ document, events }) => document?.error?.message || events?.some(({ type }) => type === 'error'),
  );
  const whole = recordings.filter((one) => !errors.includes(one) && !isBroken(one));
  const unary = whole.filter(({ streamed }) => !streamed);
  const streams = whole.filter(({ streamed }) => streamed);
  const byName = (list: Recording[]) => list.map((recording) => [recording.name, recording] as const);

  it('has the recordings of every source', () => {
    expect(unary.length).toBeGreaterThanOrEqual(fewestOf(40));
    expect(streams.length).toBeGreaterThanOrEqual(fewestOf(45));
    expect(errors.length).toBeGreaterThanOrEqual(fewestOf(3));
    expect(recordings.filter(isBroken).length).toBe(1);
  });

  it.each(byName(unary))('answers %s', async (_name, { document, ...recording }) => {
    replay.play(recording);
    const completion = await llm.completion(USER, options);
    expect(seenOf(completion)).toEqual(expectedOfDocument(document));
    expect(completion).toMatchObject({
      id: document.id,
      model: document.model,
      created: document.created_at,
    });
    const kinds = document.output.map(({ type }: any) => type);
    if (kinds.some((type: string) => !['message', 'function_call', 'custom_tool_call'].includes(type)))
      expect(nativeOf(completion).output).toEqual(document.output);
    expect(replay.requests.at(-1)).toMatchObject({
      path: '/v1/responses',
      body: { model: 'm', store: false, input: [{ role: 'user', content: 'Hi' }] },
    });
  });

  it.each(byName(streams))('streams %s', async (_name, recording) => {
    const { response } = recording.events!.at(-1);
    replay.play(recording);
    const stream = await llm.completion(STREAMED, options);
    const chunks: ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const final = await stream.final();
    const expected = expectedOfEvents(recording.events!);
    expect(seenOf(final)).toEqual(expected);
    expect(final).toMatchObject({ id: response.id, model: response.model, created: response.created_at });

    const choices = chunks.flatMap(({ choices: [choice] }) => (choice === undefined ? [] : [choice]));
    expect(choices[0]!.delta.role).toBe('assistant');
    expect(choices.slice(1).some(({ delta }) => delta.role !== undefined)).toBe(false);
    expect(choices.filter(({ finish_reason }) => finish_reason !== null)).toEqual([choices.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expected.usage.prompt } });
    expect(chunks.filter(({ usage }) => usage).length).toBe(1);

    if (SHORTENED.test(recording.name)) return;
    replay.play(unaryOf(response));
    const same = await llm.completion(USER, options);
    expect(final).toEqual(same);
  });

  it.each([2, 3, 5, 8])('gives the same whatever the cuts (seed %i)', async (seed) => {
    const server = await startReplay(seed);
    try {
      for (const recording of streams.filter((_one, index) => index % 4 === seed % 4)) {
        server.play(recording);
        const stream = await llm.completion(STREAMED, { apiKey: 'key', baseURL: `${server.origin}/v1` });
        expect(seenOf(await stream.final())).toEqual(expectedOfEvents(recording.events!));
      }
    } finally {
      await server.close();
    }
  });

  it.each(byName(streams))('takes %s for interrupted when its end is missing', async (_name, recording) => {
    replay.play(streamOf(recording.events!.slice(0, -1)));
    const stream = await llm.completion(STREAMED, options);
    await expect(stream.final()).rejects.toThrow(StreamInterruptedError);
  });

  const inPieces = streams.filter(({ name }) => !SHORTENED.test(name));
  it.each(byName(inPieces))('agrees with the openai package on %s', async (_name, recording) => {
    const client = new OpenAI({ ...options, maxRetries: 0 });
    replay.play(recording);
    let text = '';
    let usage: unknown;
    const ids: string[] = [];
    for await (const event of await client.responses.create({ model: 'm', input: 'Hi', stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.output_item.done' && 'call_id' in event.item) {
        if (event.item.type === 'function_call' || event.item.type === 'custom_tool_call')
          ids.push(event.item.call_id);
      }
      if (event.type === 'response.completed') usage = event.response.usage?.total_tokens;
    }
    const seen = seenOf(await (await llm.completion(STREAMED, options)).final());
    expect(seen.text).toBe(text);
    expect(seen.calls.map(({ id }) => id)).toEqual(ids);
    expect(seen.usage.total).toBe(usage);
  });

  it.each(byName(unary))('agrees with the openai package on the document %s', async (_name, recording) => {
    const client = new OpenAI({ ...options, maxRetries: 0 });
    replay.play(recording);
    const response = await client.responses.create({ model: 'm', input: 'Hi' });
    const seen = seenOf(await llm.completion(USER, options));
    expect(seen.text).toBe(response.output_text);
    expect(seen.usage.total).toBe(response.usage!.total_tokens);
  });

  it.each([
    ['', '/openai/v1/responses'],
    ['?api-version=2025-04-01-preview', '/openai/responses?api-version=2025-04-01-preview'],
  ])('is asked for at Azure too (base URL with "%s")', async (query, path) => {
    const recording = unary.find(({ name }) => name.includes('azure-reasoning-encrypted-content'))!;
    replay.play(recording);
    const completion = await llm.completion(
      { ...USER, model: 'azure/responses/mine' },
      { apiKey: 'key', baseURL: replay.origin + query },
    );
    expect(seenOf(completion)).toEqual(expectedOfDocument(recording.document));
    expect(completion.choices[0]!.message.provider_specific_fields).toHaveProperty('azure.output');
    expect(replay.requests.at(-1)).toMatchObject({ path, body: { model: 'mine' } });
  });

  it('refuses a stream whose events are broken', async () => {
    replay.play(recordings.find(isBroken)!);
    const stream = await llm.completion(STREAMED, options);
    await expect(stream.final()).rejects.toThrow(APIResponseValidationError);
  });

  it('reports an error inside of a stream', async () => {
    replay.play(errors.find(({ streamed }) => streamed)!);
    const stream = await llm.completion(STREAMED, options);
    const error = await stream.final().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ code: 'quota_exhausted', retryable: false });
  });

  it('reports the errors that come instead of a response', async () => {
    const [quota, temperature] = ['openai-error', 'temperature-error'].map((name) =>
      errors.find((one) => one.name.includes(name) && !one.streamed),
    );
    replay.play(unaryOf(quota!.document, 429));
    await expect(llm.completion(USER, options)).rejects.toMatchObject({
      name: 'RateLimitError',
      code: 'quota_exhausted',
    });
    replay.play(temperature!);
    const error = await llm.completion(USER, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ param: 'temperature', status: 400 });
  });

  it('hands the reasoning back on the next turn', async () => {
    const recording = unary.find(({ name }) => name.includes('openai/vercel-ai/openai-reasoning-encrypted'))!;
    replay.play(recording);
    const { message } = (await llm.completion(USER, options)).choices[0]!;
    await llm.completion({ ...USER, messages: [...USER.messages, message, ...USER.messages] }, options);
    expect(replay.requests.at(-1)!.body.input.slice(1, -1)).toEqual(recording.document.output);
  });

  it.each(byName(streams))('takes back what it made of %s', async (_name, recording) => {
    replay.play(recording);
    const { message } = (await (await llm.completion(STREAMED, options)).final()).choices[0]!;
    const results = (message.tool_calls ?? []).map(({ id }): ChatMessage => ({
      role: 'tool',
      tool_call_id: id,
      content: 'done',
    }));
    await (
      await llm.completion({ ...STREAMED, messages: [...USER.messages, message, ...results] }, options)
    ).final();
    const { input } = replay.requests.at(-1)!.body;
    const { text, calls } = expectedOfEvents(recording.events!);
    const said = input.filter(({ role }: any) => role === 'assistant').flatMap(({ content }: any) => content);
    const isOf = (type: string) => (item: any) => item.type === type;
    expect(said.map((part: any) => part.text).join('')).toBe(text);
    const called = [...input.filter(isOf('function_call')), ...input.filter(isOf('custom_tool_call'))];
    expect(called.map((item) => item.call_id)).toEqual(calls.map(({ id }) => id));
    const answered = [
      ...input.filter(isOf('function_call_output')),
      ...input.filter(isOf('custom_tool_call_output')),
    ];
    expect(answered.map((item) => item.call_id)).toEqual(calls.map(({ id }) => id));
  });
});

describe('what no recording of the Responses API has', () => {
  const MESSAGE = { type: 'message', role: 'assistant', id: 'msg_1', status: 'completed' };
  const RESPONSE = { id: 'resp_1', object: 'response', created_at: 5, model: 'm', status: 'completed' };
  const usage = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };
  const created = { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [] } };
  const begun = { type: 'response.output_item.added', output_index: 0, item: { ...MESSAGE, content: [] } };

  async function played(events: readonly unknown[]): Promise<ChatCompletion> {
    replay.play(streamOf(events));
    return (await llm.completion(STREAMED, options)).final();
  }

  it('is a refusal', async () => {
    const output = [{ ...MESSAGE, content: [{ type: 'refusal', refusal: 'No, I will not.' }] }];
    const response = { ...RESPONSE, output, usage };
    const piece = { type: 'response.refusal.delta', output_index: 0, content_index: 0 };
    const final = await played([
      created,
      begun,
      { ...piece, delta: 'No, ' },
      { ...piece, delta: 'I will not.' },
      { type: 'response.output_item.done', output_index: 0, item: output[0] },
      { type: 'response.completed', response },
    ]);
    expect(final.choices[0]).toMatchObject({
      message: { content: null, refusal: 'No, I will not.' },
      finish_reason: 'stop',
    });
    replay.play(unaryOf(response));
    expect(final).toEqual(await llm.completion(USER, options));
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['something_new', 'length'],
  ])('is a response cut off by %s', async (reason, finish) => {
    const output = [
      { ...MESSAGE, status: 'incomplete', content: [{ type: 'output_text', text: 'Once', annotations: [] }] },
    ];
    const response = { ...RESPONSE, status: 'incomplete', incomplete_details: { reason }, output, usage };
    const final = await played([
      created,
      begun,
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Once' },
      { type: 'response.incomplete', response },
    ]);
    expect(final.choices[0]).toMatchObject({ message: { content: 'Once' }, finish_reason: finish });
    replay.play(unaryOf(response));
    expect(final).toEqual(await llm.completion(USER, options));
  });

  it('is an output that comes at the end alone, or item by item', async () => {
    const output = [
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm' }],
        encrypted_content: 'e',
      },
      {
        ...MESSAGE,
        content: [
          { type: 'output_text', text: 'One. ', annotations: [] },
          {
            type: 'output_text',
            text: 'Two.',
            annotations: [{ type: 'url_citation', start_index: 0, end_index: 3, url: 'u', title: 't' }],
          },
        ],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
    ];
    const response = { ...RESPONSE, output, usage };
    const end = { type: 'response.completed', response };
    const atEnd = await played([created, end]);
    const byItem = await played([
      created,
      ...output.map((item, index) => ({ type: 'response.output_item.done', output_index: index, item })),
      { ...end, response: { ...response, output: [] } },
    ]);
    replay.play(unaryOf(response));
    const whole = await llm.completion(USER, options);
    expect(seenOf(whole)).toMatchObject({
      text: 'One. Two.',
      reasoning: 'Hm',
      calls: [{ id: 'call_1', name: 'f', input: '{"a":1}' }],
      annotations: [{ type: 'url_citation', url_citation: { start_index: 5, end_index: 8 } }],
      finish: 'tool_calls',
    });
    expect(atEnd).toEqual(whole);
    expect(byItem).toEqual(whole);
  });

  it('has log probabilities', async () => {
    const logprobs = [{ token: 'Hi', logprob: -0.5, top_logprobs: [{ token: 'Hi', logprob: -0.5 }] }];
    const output = [
      { ...MESSAGE, content: [{ type: 'output_text', text: 'Hi', annotations: [], logprobs }] },
    ];
    const final = await played([
      created,
      begun,
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hi', logprobs },
      { type: 'response.completed', response: { ...RESPONSE, output, usage } },
    ]);
    expect(final.choices[0]!.logprobs).toEqual({
      content: [
        {
          token: 'Hi',
          logprob: -0.5,
          bytes: null,
          top_logprobs: [{ token: 'Hi', logprob: -0.5, bytes: null }],
        },
      ],
      refusal: null,
    });
    replay.play(unaryOf({ ...RESPONSE, output, usage }));
    expect(final).toEqual(await llm.completion(USER, options));
  });

  it('is the work of tools of the provider, with an image in its events', async () => {
    const call = { type: 'image_generation_call', id: 'ig_1', status: 'completed' };
    const output = [
      { ...call, result: 'A'.repeat(1 << 19) },
      { ...MESSAGE, content: [{ type: 'output_text', text: 'Here', annotations: [] }] },
    ];
    const partial = { type: 'response.image_generation_call.partial_image', output_index: 0 };
    const final = await played([
      created,
      { type: 'response.output_item.added', output_index: 0, item: { ...call, status: 'in_progress' } },
      { ...partial, partial_image_index: 0, partial_image_b64: 'A'.repeat(1 << 17) },
      { type: 'response.output_item.done', output_index: 0, item: output[0] },
      { type: 'response.output_item.done', output_index: 1, item: output[1] },
      { type: 'response.completed', response: { ...RESPONSE, output, usage } },
    ]);
    expect(final.choices[0]).toMatchObject({ message: { content: 'Here' }, finish_reason: 'stop' });
    expect(nativeOf(final).output).toEqual(output);
  });

  it('passes over events that are unknown', async () => {
    const output = [{ ...MESSAGE, content: [{ type: 'output_text', text: 'Hi', annotations: [] }] }];
    const final = await played([
      created,
      { type: 'keepalive', sequence_number: 1 },
      { type: 'response.something.new', output_index: 7, delta: 'x' },
      { type: 'response.output_item.added', output_index: 0, item: { type: 'hologram_call', id: 'h' } },
      { type: 'response.hologram_call.delta', output_index: 0, delta: 'x' },
      {
        type: 'response.completed',
        response: { ...RESPONSE, output: [{ type: 'hologram_call' }, ...output] },
      },
    ]);
    expect(nativeOf(final).output[0]).toEqual({ type: 'hologram_call' });
    expect(final.choices[0]!.finish_reason).toBe('stop');
  });

  it.each([
    ['server_error', InternalServerError],
    ['rate_limit_exceeded', RateLimitError],
    ['invalid_image', BadRequestError],
  ])('fails with %s, streamed and not', async (code, type) => {
    const response = { ...RESPONSE, status: 'failed', output: [], error: { code, message: 'It went wrong' } };
    const event = { type: 'error', code, message: 'It went wrong', param: null };
    await expect(played([created, { type: 'response.failed', response }])).rejects.toThrow(type);
    await expect(played([created, event])).rejects.toThrow(type);
    await expect(played([created, event])).rejects.toMatchObject({ code, type: undefined });
    replay.play(unaryOf(response));
    await expect(llm.completion(USER, options)).rejects.toThrow(type);
  });

  it('is a response still at work, which is none', async () => {
    replay.play(unaryOf({ ...RESPONSE, status: 'queued', output: [] }));
    await expect(llm.completion(USER, options)).rejects.toThrow(APIResponseValidationError);
  });
});

describe('aimock, as a Responses API', () => {
  const mock = new LLMock({ port: 0 });
  let peer: { apiKey: string; baseURL: string };

  beforeAll(async () => {
    await mock.start();
    peer = { apiKey: 'key', baseURL: `${mock.url}/v1` };
  });
  afterAll(() => mock.stop());

  it('answers and streams', async () => {
    mock.onMessage('Greet', { content: 'Hello, you there' });
    const request = { model: 'openai/o3-pro', messages: [{ role: 'user' as const, content: 'Greet' }] };
    const completion = await llm.completion(request, peer);
    const stream = await llm.completion({ ...request, stream: true }, peer);
    expect(completion.choices[0]!.message.content).toBe('Hello, you there');
    expect((await stream.final()).choices[0]).toMatchObject({
      message: { content: 'Hello, you there' },
      finish_reason: 'stop',
    });
    expect(mock.getRequests().map(({ path }) => path)).toEqual(['/v1/responses', '/v1/responses']);
  });

  it('calls functions', async () => {
    mock.onMessage('Weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Bonn"}' }] });
    const request = {
      model: 'openai/gpt-5-codex',
      messages: [{ role: 'user' as const, content: 'Weather' }],
      tools: [{ type: 'function' as const, function: { name: 'weather' } }],
    };
    const completion = await llm.completion(request, peer);
    const final = await (await llm.completion({ ...request, stream: true }, peer)).final();
    for (const { choices } of [completion, final]) {
      expect(choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Bonn"}' } }] },
      });
    }
  });
});
