import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SEEDS = [1, 2, 3];

const recordings = recordingsOf('ollama', 'ndjson');
const embeds = recordings.filter(({ document }) => document?.embedding !== undefined);
const chats = recordings.filter((recording) => !embeds.includes(recording));
const titleOf = (recording: Recording) => [recording.name, recording] as const;

/** A chat of the recording's request, as OpenAI has it. */
function asked({ messages, model, tools }: any): ChatRequest {
  return {
    model: `ollama/${model}`,
    messages: messages.map(({ tool_calls, ...rest }: any) => ({
      ...rest,
      ...(rest.role === 'tool' && { tool_call_id: 'call_0' }),
      ...(tool_calls && {
        tool_calls: tool_calls.map((call: any, index: number) => ({
          id: `call_${index}`,
          type: 'function',
          function: { name: call.function.name, arguments: JSON.stringify(call.function.arguments) },
        })),
      }),
    })),
    ...(tools && { tools }),
  };
}

describe('Ollama', () => {
  let replay: Replay;
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  const request = { model: 'ollama/llama3', messages: [{ role: 'user' as const, content: 'Hi' }] };
  const options = () => ({ baseURL: replay.origin, retry: { maxRetries: 0 } });
  const stream_options = { include_usage: true };

  beforeAll(async () => {
    replay = await startReplay();
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  describe('recorded exchanges', () => {
    it('are all there', () => {
      expect([chats.length, embeds.length]).toEqual([3, 1]);
    });

    it.each(chats.map(titleOf))('%s', async (_name, recording) => {
      const lines: any[] = recording.streamed ? [...recording.events!] : [recording.document];
      const last = lines.at(-1);
      for (const seed of SEEDS) {
        const server = await startReplay(seed);
        try {
          server.play(recording);
          const at = { baseURL: server.origin };
          const completion = recording.streamed
            ? await (await llm.completion({ ...request, stream: true, stream_options }, at)).final()
            : await llm.completion(request, at);
          const { message, finish_reason } = completion.choices[0]!;
          expect(message.content).toBe(lines.map((line) => line.message.content).join(''));
          expect(message.tool_calls).toBeUndefined();
          expect(finish_reason).toBe(last.done_reason);
          expect(completion.model).toBe(last.model);
          expect(completion.created).toBe(Math.floor(Date.parse(lines[0].created_at) / 1000));
          expect(completion.usage).toMatchObject({
            prompt_tokens: last.prompt_eval_count ?? 0,
            completion_tokens: last.eval_count,
            total_tokens: (last.prompt_eval_count ?? 0) + last.eval_count,
            eval_duration: last.eval_duration,
          });
        } finally {
          await server.close();
        }
      }
    });

    it.each(chats.map(titleOf))('the same request as in %s', async (_name, recording) => {
      const { body, url } = recording.request!;
      replay.play(recording);
      const chat = asked(body);
      if (body.stream) await (await llm.completion({ ...chat, stream: true }, options())).final();
      else await llm.completion({ ...chat, stream: false }, options());
      const sent = replay.requests.at(-1)!;
      expect(sent.path).toBe(new URL(url).pathname);
      expect(sent.headers).not.toHaveProperty('authorization');
      // The recorded client wrote out its defaults; ids and the name of the tool came later.
      const { format: _format, options: _options, keep_alive: _keepAlive, tools: _tools, ...rest } = body;
      expect(sent.body).toMatchObject(rest);
    });

    it.each(embeds.map(titleOf))('%s', async (_name, recording) => {
      replay.play(recording);
      const result = await llm.embedding({ model: 'ollama/llama3', input: 'all-minilm' }, options());
      expect(result.data.map(({ embedding }) => embedding)).toEqual([recording.document.embedding]);
    });
  });

  const AT = { model: 'qwen3', created_at: '2026-01-01T00:00:00.5Z' };
  const line = (message: object, more: object = {}) => ({ ...AT, message, done: false, ...more });
  const END = { done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 5, total_duration: 9 };

  function play(lines: object[]): void {
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/x-ndjson' },
      body: frame(lines, 'ndjson'),
    });
  }
  async function finalOf(lines: object[]) {
    play(lines);
    return (await llm.completion({ ...request, stream: true, stream_options }, options())).final();
  }

  it('streams thoughts, text, tool calls and log probabilities as the unary answer has them', async () => {
    const logprob = {
      token: 'Hi',
      logprob: -0.5,
      top_logprobs: [{ token: 'Ho', logprob: -1, bytes: [72, 111] }],
    };
    const calls = [
      { id: 'a', function: { index: 0, name: 'f', arguments: { x: 1 } } },
      { id: 'b', function: { index: 1, name: 'g', arguments: {} } },
    ];
    const streamed = await finalOf([
      line({ content: '', thinking: 'h' }),
      line({ content: '', thinking: 'm' }),
      line({ content: 'Hi' }, { logprobs: [logprob] }),
      line({ content: '', tool_calls: [calls[0]] }),
      line({ content: '', tool_calls: [calls[1]] }),
      line({ content: '' }, END),
    ]);
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(
        JSON.stringify({
          ...line({ content: 'Hi', thinking: 'hm', tool_calls: calls }, { logprobs: [logprob] }),
          ...END,
        }),
      ),
    });
    const unary = await llm.completion(request, options());
    expect({ ...streamed, id: '' }).toEqual({ ...unary, id: '' });
    const { message, finish_reason, logprobs } = unary.choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    expect(message).toMatchObject({ content: 'Hi', reasoning_content: 'hm' });
    expect(message.tool_calls).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
    ]);
    expect(logprobs!.content![0]).toEqual({
      token: 'Hi',
      logprob: -0.5,
      bytes: [72, 105],
      top_logprobs: [{ token: 'Ho', logprob: -1, bytes: [72, 111] }],
    });
  });

  it('gives each call of an older version an id of its own', async () => {
    const call = { function: { name: 'f', arguments: {} } };
    const ids = new Set<string>();
    for (let turn = 0; turn < 2; turn++) {
      const { choices } = await finalOf([
        line({ content: '', tool_calls: [call, call] }),
        line({ content: '' }, END),
      ]);
      for (const { id } of choices[0]!.message.tool_calls!) ids.add(id);
    }
    expect(ids.size).toBe(4);
  });

  it('types an error line inside of a stream', async () => {
    const error: any = await finalOf([
      line({ content: 'Hel' }),
      { error: 'llama runner process has terminated' },
    ]).catch((reason) => reason);
    expect(error).toMatchObject({ name: 'InternalServerError', status: 500 });
    expect(error.message).toContain('llama runner process has terminated');
  });

  it('takes a stream without its last line for interrupted', async () => {
    const error: any = await finalOf([line({ content: 'Hel' })]).catch((reason) => reason);
    expect(error.name).toBe('StreamInterruptedError');
    expect(error.partial.choices[0].message.content).toBe('Hel');
  });

  it.each([
    [400, '"llama3" does not support tools', 'BadRequestError', 'invalid_request'],
    [400, 'the input length exceeds the context length', 'ContextWindowExceededError', 'invalid_request'],
    [401, 'unauthorized', 'AuthenticationError', 'invalid_api_key'],
    [404, "model 'llama9' not found", 'NotFoundError', 'model_not_found'],
    [500, 'model requires more system memory than is available', 'InternalServerError', 'server_error'],
    [503, 'server busy, please try again', 'ServiceUnavailableError', 'service_unavailable'],
  ])('types %i "%s" as %s', async (status, message, name, code) => {
    replay.play({
      status,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: Buffer.from(JSON.stringify({ error: message })),
    });
    for (const stream of [false, true]) {
      const error: any = await llm.completion({ ...request, stream }, options()).catch((reason) => reason);
      expect({ name: error.name, status: error.status, code: error.code }).toEqual({ name, status, code });
      expect(error.message).toContain(message);
    }
  });

  it('embeds a list at once', async () => {
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ model: 'm', embeddings: [[0.5], [1]], prompt_eval_count: 4 })),
    });
    const result = await llm.embedding({ model: 'ollama/m', input: ['a', 'b'], dimensions: 1 }, options());
    expect(result.data.map(({ embedding }) => embedding)).toEqual([[0.5], [1]]);
    expect(result.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(replay.requests.at(-1)).toMatchObject({
      path: '/api/embed',
      body: { model: 'm', input: ['a', 'b'], dimensions: 1 },
    });
  });
});
