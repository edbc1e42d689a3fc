import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { BadRequestError, LlmHandler, LlmService, type ChatCompletionChunk } from '../../../lib/index.js';
import { actualOf, expectedOf, kindOf, type Expected, type Kind } from '../../support/openai-oracle.js';
import { frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SEEDS = [1, 2, 3];

/** The provider whose recordings a folder holds. */
const FOLDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  groq: 'groq',
  deepseek: 'deepseek',
  perplexity: 'perplexity',
  xai: 'xai',
  'openai-compatible/alibaba': 'dashscope',
  'openai-compatible/cerebras': 'cerebras',
  'openai-compatible/generic': 'litellm_proxy',
  'openai-compatible/moonshotai': 'moonshot',
  'openai-compatible/together': 'together_ai',
  'openai-compatible/voyage': 'voyage',
};

/** One recording of Cerebras holds the streams of two calls. */
function calls(recording: Recording): Recording[] {
  const ids = new Set(recording.events?.filter((event) => event.choices && event.id).map(({ id }) => id));
  if (ids.size < 2) return [recording];
  return [...ids].map((id) => {
    const events = recording.events!.filter((event) => event.id === id);
    return { ...recording, name: `${recording.name} ${id}`, events, body: frame(events, 'openai') };
  });
}

const RECORDINGS = Object.entries(FOLDERS).flatMap(([folder, provider]) =>
  recordingsOf(folder, 'openai')
    .flatMap(calls)
    .map((recording) => [recording.name, provider, recording] as const),
);

function recorded(kind: Kind): (readonly [string, string, Recording])[] {
  return RECORDINGS.filter(([, , recording]) => kindOf(recording) === kind);
}

/** xAI alone counts reasoning beside the tokens of the completion. */
function withReasoning(expected: Expected, provider: string): Expected {
  const { usage } = expected;
  if (provider !== 'xai' || usage === undefined) return expected;
  return { ...expected, usage: { ...usage, completion: usage.total - usage.prompt } };
}

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

describe('recorded exchanges in the OpenAI format', () => {
  let replay: Replay;
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  const options = () => ({ apiKey: 'key', baseURL: `${replay.origin}/v1` });

  afterAll(() => agent.destroy());

  describe.each(SEEDS)('cut by seed %i', (seed) => {
    beforeAll(async () => {
      replay = await startReplay(seed);
    });
    afterAll(() => replay.close());

    it.each(recorded('completion'))('%s', async (_name, provider, recording) => {
      replay.play(recording);
      const request = { model: `${provider}/m`, messages: MESSAGES };
      const completion = recording.streamed
        ? await (await llm.completion({ ...request, stream: true }, options())).final()
        : await llm.completion(request, options());
      expect(actualOf(completion)).toEqual(withReasoning(expectedOf(recording), provider));
      expect(completion.object).toBe('chat.completion');
    });
  });

  describe('in whole', () => {
    beforeAll(async () => {
      replay = await startReplay();
    });
    afterAll(() => replay.close());

    const whole = recorded('completion').filter(([, , recording]) => !recording.streamed);

    /** A document as the stream that an API of this format sends for it. */
    function asStream(document: any): object[] {
      const { choices, usage, ...about } = document;
      const chunk = (some: object[], more = {}) => ({
        ...about,
        object: 'chat.completion.chunk',
        choices: some,
        ...more,
      });
      return [
        chunk(
          choices.map(({ message = {}, finish_reason: _finish, ...choice }: any) => ({
            ...choice,
            delta: {
              ...message,
              role: 'assistant',
              ...(message.tool_calls && {
                tool_calls: message.tool_calls.map((call: any, index: number) => ({ ...call, index })),
              }),
            },
            finish_reason: null,
          })),
        ),
        chunk(
          choices.map(({ index, finish_reason }: any) => ({ index, delta: {}, finish_reason })),
          { usage },
        ),
      ];
    }

    it.each(whole)('%s is the same when it is streamed', async (_name, provider, recording) => {
      replay.play(recording);
      const request = { model: `${provider}/m`, messages: MESSAGES };
      const unary = await llm.completion(request, options());
      const body = frame(asStream(recording.document), 'openai');
      replay.play({ status: 200, headers: { 'content-type': 'text/event-stream' }, body });
      const stream = await llm.completion({ ...request, stream: true }, options());
      expect(await stream.final()).toEqual(unary);
    });

    it.each(recorded('embedding'))('%s', async (_name, provider, recording) => {
      replay.play(recording);
      const encoded = typeof recording.document.data[0].embedding === 'string';
      const request = { model: `${provider}/m`, input: ['a', 'b'] };
      const { data, usage } = recording.document;
      const answer = encoded
        ? await llm.embedding({ ...request, encoding_format: 'base64' }, options())
        : await llm.embedding(request, options());
      expect(answer.data.map(({ embedding }) => embedding)).toEqual(
        data.map(({ embedding }: any) => embedding),
      );
      expect(answer.usage).toMatchObject({
        prompt_tokens: usage.prompt_tokens ?? usage.total_tokens,
        total_tokens: usage.total_tokens,
      });
    });

    it.each(recorded('error'))('%s', async (_name, provider, recording) => {
      replay.play(recording);
      const failed = llm.completion({ model: `${provider}/m`, messages: MESSAGES }, options());
      const error = await failed.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(BadRequestError);
      const { message, code, param, type } = recording.document.error;
      expect(error).toMatchObject({
        status: recording.status,
        code: code ?? 'invalid_request',
        param: param ?? undefined,
        type,
        message: expect.stringContaining(message),
      });
    });

    const streamed = recorded('completion').filter(([, , recording]) => recording.streamed);

    it.each(streamed)('%s comes as OpenAI chunks', async (_name, provider, recording) => {
      replay.play(recording);
      const request = { model: `${provider}/m`, messages: MESSAGES, stream: true as const };
      const chunks: ChatCompletionChunk[] = [];
      for await (const chunk of await llm.completion(request, options())) chunks.push(chunk);
      expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));
      const choices = chunks.flatMap((chunk) => chunk.choices);
      for (const { delta } of choices) expect(delta).toBeInstanceOf(Object);
      const reasons = choices.map(({ finish_reason: reason }) => reason).filter((reason) => reason !== null);
      expect(reasons).toEqual(expectedOf(recording).choices.map(({ finish }) => finish));
    });
  });
});

describe('what compatible servers add to the OpenAI format', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  let replay: Replay;

  beforeAll(async () => {
    replay = await startReplay(9);
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  const chunk = (delta: object, finish_reason: string | null = null, more = {}, inChoice = {}) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason, ...inChoice }],
    ...more,
  });

  async function final(provider: string, events: object[]) {
    replay.play({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: frame(events, 'openai'),
    });
    const options = { apiKey: 'key', baseURL: replay.origin };
    const request = { model: `${provider}/m`, messages: MESSAGES, stream: true as const };
    return (await llm.completion(request, options)).final();
  }

  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

  it('is reasoning in think tags, in pieces', async () => {
    const pieces = ['<th', 'ink>\nH', 'm', '.</', 'think', '>\n\nHel', 'lo'];
    const events = [...pieces.map((content) => chunk({ content })), chunk({}, 'stop')];
    expect((await final('together_ai', events)).choices[0]!.message).toEqual({
      role: 'assistant',
      content: 'Hello',
      reasoning_content: 'Hm.',
      refusal: null,
    });
    // OpenAI's own models may write about such tags.
    expect((await final('openai', events)).choices[0]!.message.content).toBe(pieces.join(''));
  });

  it('is an answer that ends where a tag may have begun', async () => {
    const events = [chunk({ content: '<th' }), chunk({}, 'stop')];
    expect((await final('together_ai', events)).choices[0]!.message.content).toBe('<th');
  });

  it.each([
    ['Moonshot', 'moonshot', chunk({ content: 'a' }, 'stop', {}, { usage })],
    ['Groq', 'groq', chunk({ content: 'a' }, 'stop', { x_groq: { id: 'r', usage } })],
  ])('is usage where %s has it', async (_name, provider, event) => {
    expect((await final(provider, [event])).usage).toEqual(usage);
  });

  it('is an error beside the choices, as OpenRouter sends it', async () => {
    const events = [
      chunk({ content: 'a' }),
      chunk({ content: '' }, 'error', { error: { code: 502, message: 'Provider disconnected' } }),
    ];
    await expect(final('openrouter', events)).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('Provider disconnected'),
    });
  });

  it('is tool calls without ids, indices and types', async () => {
    const call = (name: string) => ({ function: { name, arguments: '{}' } });
    const events = [chunk({ tool_calls: [call('f')] }), chunk({}, 'tool_calls')];
    const [made] = (await final('hosted_vllm', events)).choices[0]!.message.tool_calls!;
    expect(made).toEqual({
      id: expect.stringMatching(/^call_.+/),
      type: 'function',
      function: { name: 'f', arguments: '{}' },
    });
  });

  it('is what a search found', async () => {
    const found = { citations: ['https://a'], search_results: [{ title: 'A', url: 'https://a' }] };
    const events = [chunk({ content: 'a' }, null, found), chunk({}, 'stop')];
    expect(await final('perplexity', events)).toMatchObject(found);
  });
});
