import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import { Agent } from 'undici';
import {
  APIResponseValidationError,
  ContextWindowExceededError,
  LlmHandler,
  LlmService,
  NotFoundError,
  RateLimitError,
  ServiceUnavailableError,
  StreamInterruptedError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatRequest,
  type UnaryChatRequest,
} from '../../../lib/index.js';
import { anthropicRecordings, expectedOf, messageOf } from '../../support/anthropic-oracle.js';
import { fewestOf, frame, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SPLICED = 'spliced-message-start';

function inputsOf(calls: { id: string; function?: { name: string; arguments: string } }[] | undefined) {
  return (calls ?? []).map(({ id, function: { name, arguments: text } = { name: '', arguments: '' } }) => {
    let input: unknown = text;
    try {
      input = JSON.parse(text);
    } catch {
      // Cut off by the limit of tokens.
    }
    return { id, name, input };
  });
}

function seenOf(completion: ChatCompletion) {
  const { message, finish_reason: finish } = completion.choices[0]!;
  const usage = completion.usage!;
  return {
    text: message.content ?? '',
    reasoning: message.reasoning_content ?? '',
    signatures: (message.thinking_blocks ?? [])
      .map((block) => (block.type === 'thinking' ? (block.signature ?? '') : block.data))
      .filter((signature) => signature !== ''),
    calls: inputsOf(message.tool_calls),
    finish,
    usage: {
      prompt: usage.prompt_tokens,
      completion: usage.completion_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens,
      written: usage.prompt_tokens_details?.cache_write_tokens,
      thinking: usage.completion_tokens_details?.reasoning_tokens,
    },
  };
}

/** What of a completion does not depend on when, and how, it was sent. */
function comparable({ created: _created, ...completion }: ChatCompletion): unknown {
  const copy = structuredClone(completion) as any;
  for (const { message } of copy.choices) {
    for (const call of message.tool_calls ?? [])
      call.function.arguments = inputsOf([{ ...call, id: '' }])[0]!.input;
  }
  delete copy.usage.total_tokens;
  return copy;
}

function nativeOf(completion: ChatCompletion): any {
  return completion.choices[0]!.message.provider_specific_fields?.['anthropic'];
}

const USER: UnaryChatRequest = {
  model: 'anthropic/claude-opus-4-8',
  messages: [{ role: 'user', content: 'Hi' }],
};
const STREAMED = { ...USER, stream: true, stream_options: { include_usage: true } } as const;

describe('recorded exchanges with Anthropic', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  let replay: Replay;
  let options: { apiKey: string; baseURL: string };

  beforeAll(async () => {
    replay = await startReplay(7);
    options = { apiKey: 'key', baseURL: `${replay.origin}/v1` };
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  const recordings = anthropicRecordings().filter(({ name }) => !name.includes(SPLICED));
  const unary = recordings.filter(({ streamed }) => !streamed);
  const streams = recordings.filter(({ streamed }) => streamed);
  const byName = (list: Recording[]) => list.map((recording) => [recording.name, recording] as const);

  async function streamOf(recording: Pick<Recording, 'status' | 'headers' | 'body'>, request = {}) {
    replay.play(recording);
    return llm.completion({ ...STREAMED, ...request }, options);
  }

  it('has the recordings of every source', () => {
    expect(unary.length).toBeGreaterThanOrEqual(fewestOf(50));
    expect(streams.length).toBeGreaterThanOrEqual(fewestOf(50));
  });

  it.each(byName(unary))('answers %s', async (_name, recording) => {
    replay.play(recording);
    const completion = await llm.completion(USER, options);
    const { others, ...expected } = expectedOf(recording.document);
    expect(seenOf(completion)).toEqual(expected);
    expect(completion).toMatchObject({ id: recording.document.id, model: recording.document.model });
    if (others.length > 0) expect(nativeOf(completion).content).toEqual(recording.document.content);
  });

  it.each(byName(streams))('streams %s', async (_name, recording) => {
    const message = messageOf(recording.events!);
    const { others, ...expected } = expectedOf(message);
    const chunks: ChatCompletionChunk[] = [];
    const stream = await streamOf(recording);
    for await (const chunk of stream) chunks.push(chunk);
    const final = await stream.final();

    expect(seenOf(final)).toEqual(expected);
    expect(final).toMatchObject({ id: message.id, model: message.model });
    expect(
      nativeOf(final)
        ?.content?.map(({ type }: any) => type)
        .filter(isOther) ?? [],
    ).toEqual(others);

    const choices = chunks.flatMap(({ choices: [choice] }) => (choice === undefined ? [] : [choice]));
    expect(choices[0]!.delta.role).toBe('assistant');
    expect(choices.slice(1).some(({ delta }) => delta.role !== undefined)).toBe(false);
    expect(choices.filter(({ finish_reason }) => finish_reason !== null)).toEqual([choices.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expected.usage.prompt } });
    expect(chunks.filter(({ usage }) => usage).length).toBe(1);

    replay.play(unaryOf(message));
    expect(comparable(final)).toEqual(comparable(await llm.completion(USER, options)));
  });

  it.each([2, 3, 5, 8])('gives the same whatever the cuts (seed %i)', async (seed) => {
    const server = await startReplay(seed);
    try {
      for (const recording of streams.filter((_one, index) => index % 4 === seed % 4)) {
        server.play(recording);
        const stream = await llm.completion(STREAMED, { apiKey: 'key', baseURL: `${server.origin}/v1` });
        const { others: _others, ...expected } = expectedOf(messageOf(recording.events!));
        expect(seenOf(await stream.final())).toEqual(expected);
      }
    } finally {
      await server.close();
    }
  });

  it('gives no usage that was not asked for', async () => {
    const stream = await streamOf(streams[0]!, { stream_options: undefined });
    const chunks: ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.some(({ usage }) => usage)).toBe(false);
  });

  it('refuses a stream into which another one is spliced', async () => {
    const spliced = anthropicRecordings().find(({ name }) => name.includes(SPLICED))!;
    const stream = await streamOf(spliced);
    await expect(stream.final()).rejects.toThrow(APIResponseValidationError);
  });

  it.each(byName(streams))('takes %s for interrupted when its end is missing', async (_name, recording) => {
    const cut = recording.events!.filter(({ type }) => type !== 'message_stop');
    const stream = await streamOf({ ...recording, body: frame(cut, 'named-sse') });
    await expect(stream.final()).rejects.toThrow(StreamInterruptedError);
  });

  describe('an answer in JSON by a tool', () => {
    const request = {
      model: 'anthropic/claude-3-haiku-20240307',
      response_format: { type: 'json_object' },
    } as const;
    const find = (part: string) => recordings.filter(({ name }) => name.includes(part));
    const jsonOf = (recording: Recording) =>
      (recording.document ?? messageOf(recording.events!)).content.find(({ name }: any) => name === 'json')
        .input;

    it.each(byName([...find('json-tool.1'), ...find('json-tool.2')]))(
      'reads %s',
      async (_name, recording) => {
        replay.play(recording);
        const completion = recording.streamed
          ? await (await llm.completion({ ...STREAMED, ...request }, options)).final()
          : await llm.completion({ ...USER, ...request }, options);
        const { message, finish_reason } = completion.choices[0]!;
        expect(JSON.parse(message.content!)).toEqual(jsonOf(recording));
        expect(message.tool_calls).toBeUndefined();
        expect(finish_reason).toBe('stop');
        expect(replay.requests.at(-1)!.body).toMatchObject({
          tools: [{ name: 'json' }],
          tool_choice: { type: 'tool', name: 'json' },
        });
      },
    );

    it('streams the answer in pieces', async () => {
      const stream = await streamOf(find('json-tool.2')[0]!, request);
      const pieces: string[] = [];
      for await (const { choices } of stream) {
        if (choices[0]?.delta.content) pieces.push(choices[0].delta.content);
      }
      expect(pieces.length).toBeGreaterThan(1);
      expect(JSON.parse(pieces.join(''))).toEqual(jsonOf(find('json-tool.2')[0]!));
    });

    it.each(byName(find('json-other-tool')))(
      "leaves the caller's own tool in %s",
      async (_name, recording) => {
        replay.play(recording);
        const tools = [{ type: 'function' as const, function: { name: 'weather' } }];
        const completion = recording.streamed
          ? await (await llm.completion({ ...STREAMED, ...request, tools }, options)).final()
          : await llm.completion({ ...USER, ...request, tools }, options);
        const { message, finish_reason } = completion.choices[0]!;
        expect(inputsOf(message.tool_calls)).toMatchObject([{ name: 'weather' }]);
        expect(message.content).toBeNull();
        expect(finish_reason).toBe('tool_calls');
        expect(replay.requests.at(-1)!.body).toMatchObject({
          tools: [{ name: 'weather' }, { name: 'json' }],
          tool_choice: { type: 'any' },
        });
      },
    );

    it.each(byName(find('vercel-ai/anthropic-text')))(
      'gives the text of %s all the same',
      async (_n, recording) => {
        replay.play(recording);
        const expected = expectedOf(recording.document ?? messageOf(recording.events!));
        const completion = recording.streamed
          ? await (await llm.completion({ ...STREAMED, ...request }, options)).final()
          : await llm.completion({ ...USER, ...request }, options);
        expect(completion.choices[0]!.message.content).toBe(expected.text);
      },
    );
  });

  it.each(byName(recordings.filter(({ name }) => /refusal/.test(name))))(
    'tells why %s refuses',
    async (_name, recording) => {
      replay.play(recording);
      const message = recording.document ?? messageOf(recording.events!);
      const completion = recording.streamed
        ? await (await llm.completion(STREAMED, options)).final()
        : await llm.completion(USER, options);
      const { finish_reason, message: refused } = completion.choices[0]!;
      expect(finish_reason).toBe('content_filter');
      expect(nativeOf(completion).stop_reason).toBe('refusal');
      expect(refused.refusal).toBe(message.stop_details?.explanation ?? null);
      if (message.stop_details) expect(nativeOf(completion).stop_details.type).toBe('refusal');
    },
  );

  it('gives the sources of a search as annotations of the text that they are of', async () => {
    // The recorded one quotes pages of others, so that not every clone has it.
    const recording = unary.find(({ name }) => name.includes('web-search-tool.1')) ?? searchAnswer();
    replay.play(recording);
    const { message } = (await llm.completion(USER, options)).choices[0]!;
    const cited = recording.document.content.flatMap((block: any) =>
      (block.citations ?? []).map(({ url }: any) => ({ url, text: block.text })),
    );
    expect(cited.length).toBeGreaterThan(0);
    expect(
      message.annotations!.map(({ url_citation: { url, start_index, end_index } }) => ({
        url,
        text: message.content!.slice(start_index, end_index),
      })),
    ).toEqual(cited);
  });

  it.each(byName(recordings.filter(({ name }) => !name.includes('incomplete_partial_json'))))(
    'takes the answer of %s back',
    async (_name, recording) => {
      replay.play(recording);
      const source = recording.document ?? messageOf(recording.events!);
      const completion = recording.streamed
        ? await (await llm.completion(STREAMED, options)).final()
        : await llm.completion(USER, options);
      const { message } = completion.choices[0]!;
      // A caller keeps conversations as JSON.
      const stored = JSON.parse(JSON.stringify(message));
      const goOn = { role: 'user' as const, content: 'Go on' };
      const again = { ...USER, messages: [...USER.messages, stored, goOn] };
      replay.play(unaryOf(source));
      await llm.completion(again, options);
      const turns = replay.requests.at(-1)!.body.messages;
      const back = turns.find(({ role }: any) => role === 'assistant')?.content ?? [];
      const whole = source.content.filter(({ type, text, signature }: any) =>
        type === 'text' ? text !== '' : type !== 'thinking' || signature,
      );
      const { text, calls } = expectedOf({ ...source, content: back });
      expect({ text, calls }).toEqual({
        text: expectedOf(source).text || (message.refusal ?? ''),
        calls: expectedOf(source).calls,
      });
      expect(back.map(({ type }: any) => type).filter((type: string) => type !== 'text')).toEqual(
        whole.map(({ type }: any) => type).filter((type: string) => type !== 'text'),
      );
    },
  );

  describe("Anthropic's own SDK, fed the same bytes", () => {
    let client: Anthropic;
    beforeAll(() => {
      client = new Anthropic({ apiKey: 'key', baseURL: replay.origin, maxRetries: 0 });
    });
    const asked = {
      model: 'claude-opus-4-8',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: 'Hi' }],
    };

    it.each(byName(streams.filter(({ name }) => !/duplicate|programmatic/.test(name))))(
      'agrees on %s',
      async (_name, recording) => {
        replay.play(recording);
        const message: any = await client.beta.messages.stream(asked).finalMessage();
        const ours = await (await llm.completion(STREAMED, options)).final();
        const { others: _others, signatures: _signatures, usage: _usage, ...theirs } = expectedOf(message);
        const { signatures: _own, usage, ...seen } = seenOf(ours);
        // The SDK makes the best of arguments that were cut off.
        if (theirs.finish === 'length') return expect(seen.text).toBe(theirs.text);
        expect(seen).toEqual(theirs);
        expect(usage.completion).toBe(message.usage.output_tokens);
      },
    );

    it.each(byName(unary))('agrees on %s', async (_name, recording) => {
      replay.play(recording);
      const message = await client.messages.create(asked);
      const { others: _others, ...theirs } = expectedOf(message);
      expect(seenOf(await llm.completion(USER, options))).toEqual(theirs);
    });
  });
});

function isOther(type: string): boolean {
  return !['text', 'thinking', 'redacted_thinking', 'tool_use'].includes(type);
}

/** A message as the unary call would have sent it. */
function unaryOf(message: object): Pick<Recording, 'status' | 'headers' | 'body'> {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(message)),
  };
}

describe('errors of Anthropic', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  let replay: Replay;
  let options: { apiKey: string; baseURL: string; retry: { maxRetries: number } };

  beforeAll(async () => {
    replay = await startReplay(3);
    options = { apiKey: 'key', baseURL: `${replay.origin}/v1`, retry: { maxRetries: 0 } };
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  const errorOf = (type: string, message: string) => ({
    type: 'error',
    error: { type, message },
    request_id: 'req_1',
  });
  const documentOf = (status: number, body: object) => ({ ...unaryOf(body), status });

  it.each([
    [404, 'not_found_error', 'model: claude-9', NotFoundError, 'not_found'],
    [429, 'rate_limit_error', 'Number of request tokens', RateLimitError, 'rate_limit_exceeded'],
    [529, 'overloaded_error', 'Overloaded', ServiceUnavailableError, 'overloaded'],
    [
      400,
      'invalid_request_error',
      'prompt is too long: 200001 tokens > 200000 maximum',
      ContextWindowExceededError,
      'context_length_exceeded',
    ],
  ])('answers %i %s', async (status, type, message, expected, code) => {
    replay.play(documentOf(status, errorOf(type, message)));
    for (const request of [USER, STREAMED]) {
      const error: any = await llm.completion(request as ChatRequest, options).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(expected);
      expect(error).toMatchObject({ status, code, type, provider: 'anthropic' });
      expect(error.message).toContain(message);
    }
  });

  it.each([
    ['overloaded_error', 529, ServiceUnavailableError],
    ['rate_limit_error', 429, RateLimitError],
  ])('fails a stream that reports %s', async (type, status, expected) => {
    const events = [
      {
        type: 'message_start',
        message: { id: 'msg_1', model: 'm', content: [], usage: { input_tokens: 1 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
      errorOf(type, 'Overloaded'),
    ];
    replay.play({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: frame(events, 'named-sse'),
    });
    const stream = await llm.completion(STREAMED, options);
    const error: any = await stream.final().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(expected);
    expect(error).toMatchObject({ status, type });
  });
});

describe('aimock as Anthropic', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  const mock = new LLMock({ port: 0 });
  let options: { apiKey: string; baseURL: string };

  beforeAll(async () => {
    await mock.start();
    options = { apiKey: 'key', baseURL: `${mock.url}/v1` };
  });
  afterAll(async () => {
    await agent.destroy();
    await mock.stop();
  });

  it('completes, streamed and not', async () => {
    mock.onMessage('Say hello', { content: 'Hello, world', reasoning: 'A greeting.' });
    const request = { ...USER, messages: [{ role: 'user' as const, content: 'Say hello' }] };
    const unary = await llm.completion(request, options);
    const final = await (await llm.completion({ ...request, stream: true }, options)).final();
    for (const { choices } of [unary, final]) {
      expect(choices[0]).toMatchObject({
        message: { content: 'Hello, world', reasoning_content: 'A greeting.' },
        finish_reason: 'stop',
      });
    }
  });

  it('calls a tool, and takes its result', async () => {
    mock.onToolResult('toolu_w', { content: 'It is sunny.' });
    mock.onMessage('Weather?', {
      toolCalls: [{ id: 'toolu_w', name: 'weather', arguments: { city: 'Paris' } }],
    });
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
    ];
    const ask = { role: 'user' as const, content: 'Weather?' };
    const stream = await llm.completion({ ...USER, messages: [ask], tools, stream: true }, options);
    const { message, finish_reason } = (await stream.final()).choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    expect(inputsOf(message.tool_calls)).toEqual([
      { id: 'toolu_w', name: 'weather', input: { city: 'Paris' } },
    ]);
    const result = { role: 'tool' as const, tool_call_id: 'toolu_w', content: 'sunny' };
    const answer = await llm.completion({ ...USER, messages: [ask, message, result], tools }, options);
    expect(answer.choices[0]!.message.content).toBe('It is sunny.');
  });
});

/** An answer of the shape that a search gives. */
function searchAnswer(): Pick<Recording, 'status' | 'headers' | 'body' | 'document'> {
  const cite = (url: string) => ({
    type: 'web_search_result_location',
    url,
    title: 'A page',
    cited_text: 'Oslo is the capital',
    encrypted_index: 'AAAA',
  });
  const document = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [
      { type: 'text', text: 'I looked. ' },
      {
        type: 'text',
        text: 'Oslo',
        citations: [cite('https://example.com/a'), cite('https://example.com/b')],
      },
      { type: 'text', text: ' is the capital.' },
    ],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 7 },
  };
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: Buffer.from(JSON.stringify(document)), document };
}
