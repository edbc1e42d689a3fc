import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SEEDS = [1, 2, 3];

/** What an exchange says, read without the library. */
interface Expected {
  id: string;
  text: string;
  thinking: string;
  plan: string;
  tools: { id: string; name: string; input: unknown }[];
  citations: unknown[];
  reason: string;
  usage: any;
}

const inputOf = (text: string): unknown => JSON.parse(text || '{}') ?? {};

function readDocument({ id, message, finish_reason: reason, usage }: any): Expected {
  const parts: any[] = message.content ?? [];
  return {
    id,
    text: parts.map((part) => part.text ?? '').join(''),
    thinking: parts.map((part) => part.thinking ?? '').join(''),
    plan: message.tool_plan ?? '',
    tools: (message.tool_calls ?? []).map((call: any) => ({
      id: call.id,
      name: call.function.name,
      input: inputOf(call.function.arguments),
    })),
    citations: message.citations ?? [],
    reason,
    usage,
  };
}

function readEvents(events: readonly any[]): Expected {
  const of = (type: string) => events.filter((event) => event.type === type);
  const content = [...of('content-start'), ...of('content-delta')].map(({ delta }) => delta.message.content);
  const end = of('message-end')[0].delta;
  return {
    id: of('message-start')[0].id,
    text: content.map((part) => part.text ?? '').join(''),
    thinking: content.map((part) => part.thinking ?? '').join(''),
    plan: of('tool-plan-delta')
      .map(({ delta }) => delta.message.tool_plan)
      .join(''),
    tools: of('tool-call-start').map(({ index, delta }) => {
      const call = delta.message.tool_calls;
      const pieces = of('tool-call-delta')
        .filter((event) => event.index === index)
        .map((event) => event.delta.message.tool_calls.function.arguments);
      return {
        id: call.id,
        name: call.function.name,
        input: inputOf(call.function.arguments + pieces.join('')),
      };
    }),
    citations: of('citation-start').map(({ delta }) => delta.message.citations),
    reason: end.finish_reason,
    usage: end.usage,
  };
}

const FINISH: Readonly<Record<string, string>> = {
  COMPLETE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
};

const recordings = recordingsOf('cohere', 'named-sse');
const embeds = recordings.filter(({ document }) => document?.embeddings !== undefined);
const chats = recordings.filter((recording) => !embeds.includes(recording));
const titleOf = (recording: Recording) => [recording.name, recording] as const;

describe('Cohere', () => {
  let replay: Replay;
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: { cohere: { apiKey: 'key' } },
  });
  const request = { model: 'cohere/command', messages: [{ role: 'user' as const, content: 'Hi' }] };
  const options = () => ({ baseURL: `${replay.origin}/v2`, retry: { maxRetries: 0 } });
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
      expect([chats.length, embeds.length]).toEqual([19, 3]);
    });

    it.each(chats.map(titleOf))('%s', async (_name, recording) => {
      const expected = recording.streamed ? readEvents(recording.events!) : readDocument(recording.document);
      for (const seed of SEEDS) {
        const server = await startReplay(seed);
        try {
          server.play(recording);
          const at = { baseURL: `${server.origin}/v2` };
          const completion = recording.streamed
            ? await (await llm.completion({ ...request, stream: true, stream_options }, at)).final()
            : await llm.completion(request, at);
          const { message, finish_reason } = completion.choices[0]!;
          expect(completion.id).toBe(expected.id);
          expect(message.content ?? '').toBe(expected.text);
          expect(message.reasoning_content ?? '').toBe(expected.thinking + expected.plan);
          expect((message.thinking_blocks ?? []).map((block: any) => block.thinking).join('')).toBe(
            expected.thinking,
          );
          expect(
            (message.tool_calls ?? []).map((call: any) => ({
              id: call.id,
              name: call.function.name,
              input: JSON.parse(call.function.arguments),
            })),
          ).toEqual(expected.tools);
          expect(completion.citations ?? []).toEqual(expected.citations);
          expect(finish_reason).toBe(FINISH[expected.reason]);
          const { tokens, billed_units, cached_tokens } = expected.usage;
          expect(completion.usage).toEqual({
            prompt_tokens: tokens.input_tokens,
            completion_tokens: tokens.output_tokens,
            total_tokens: tokens.input_tokens + tokens.output_tokens,
            ...(cached_tokens !== undefined && { prompt_tokens_details: { cached_tokens } }),
            billed_units,
          });
        } finally {
          await server.close();
        }
      }
    });

    it.each(chats.filter(({ request: asked }) => asked !== undefined).map(titleOf))(
      'the same request as in %s',
      async (_name, recording) => {
        const { body, url } = recording.request!;
        replay.play(recording);
        const asked = { model: `cohere/${body.model}`, messages: body.messages, tools: body.tools };
        if (body.stream) await (await llm.completion({ ...asked, stream: true }, options())).final();
        else await llm.completion(asked, options());
        const sent = replay.requests.at(-1)!;
        expect(sent.path).toBe(new URL(url).pathname);
        expect(sent.headers['authorization']).toBe('Bearer key');
        // A content of null and none say the same.
        const messages = body.messages.map(({ content, ...rest }: any) =>
          content === null ? rest : { ...rest, content },
        );
        expect(sent.body).toEqual({ ...body, messages });
      },
    );

    it.each(embeds.map(titleOf))('%s', async (_name, recording) => {
      replay.play(recording);
      const { document } = recording;
      const input = recording.request?.body.texts ?? document.texts;
      const result = await llm.embedding({ model: 'cohere/embed', input }, options());
      expect(result.data.map(({ embedding }) => embedding)).toEqual(document.embeddings.float);
      expect(result.usage.prompt_tokens).toBe(document.meta.billed_units.input_tokens);
      expect(replay.requests.at(-1)).toMatchObject({
        path: '/v2/embed',
        body: { model: 'embed', texts: input, input_type: 'search_document', embedding_types: ['float'] },
      });
    });
  });

  async function finalOf(events: object[], more: Partial<ChatRequest> = {}) {
    replay.play({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: frame(events, 'named-sse'),
    });
    return (await llm.completion({ ...request, ...more, stream: true, stream_options }, options())).final();
  }

  const START = { type: 'message-start', id: 'c-1', delta: { message: { role: 'assistant' } } };
  const text = (value: string) => ({
    type: 'content-delta',
    index: 0,
    delta: { message: { content: { text: value } } },
  });
  const END = { type: 'message-end', delta: { finish_reason: 'COMPLETE' } };

  it('streams citations and log probabilities as the unary answer has them', async () => {
    const citation = { start: 0, end: 2, text: 'Hi', sources: [{ type: 'document', id: 'd' }] };
    const logprobs = { text: 'Hi', token_ids: [1, 2], logprobs: [-0.5, -0.25] };
    const message = { role: 'assistant', content: [{ type: 'text', text: 'Hi' }], citations: [citation] };
    const streamed = await finalOf([
      START,
      { ...text('Hi'), logprobs },
      { type: 'citation-start', index: 0, delta: { message: { citations: citation } } },
      { type: 'citation-end', index: 0 },
      END,
    ]);
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(
        JSON.stringify({ id: 'c-1', message, finish_reason: 'COMPLETE', logprobs: [logprobs] }),
      ),
    });
    const unary = await llm.completion(request, options());
    expect({ ...streamed, created: 0 }).toEqual({ ...unary, created: 0 });
    expect(unary.citations).toEqual([citation]);
    expect(unary.choices[0]!.logprobs!.content).toEqual([
      { token: 'Hi', bytes: [72, 105], logprob: -0.75, top_logprobs: [] },
    ]);
  });

  it('gives a tool that is called with null no arguments', async () => {
    const call = (args: string) => ({ function: { arguments: args } });
    const { choices } = await finalOf([
      START,
      {
        type: 'tool-call-start',
        index: 0,
        delta: {
          message: { tool_calls: { id: 'a', type: 'function', function: { name: 'now', arguments: '' } } },
        },
      },
      { type: 'tool-call-delta', index: 0, delta: { message: { tool_calls: call('nu') } } },
      { type: 'tool-call-delta', index: 0, delta: { message: { tool_calls: call('ll') } } },
      { type: 'tool-call-end', index: 0 },
      { type: 'message-end', delta: { finish_reason: 'TOOL_CALL' } },
    ]);
    expect(choices[0]!.message.tool_calls).toEqual([
      { id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } },
    ]);
  });

  it('takes a stream without message-end for interrupted', async () => {
    const error: any = await finalOf([START, text('Hel')]).catch((reason) => reason);
    expect(error.name).toBe('StreamInterruptedError');
    expect(error.partial.choices[0].message.content).toBe('Hel');
  });

  it('types a generation that failed, streamed or not', async () => {
    const streamed: any = await finalOf([
      START,
      text('Hel'),
      { type: 'message-end', delta: { finish_reason: 'ERROR', error: 'out of memory' } },
    ]).catch((reason) => reason);
    expect(streamed).toMatchObject({ name: 'InternalServerError', status: 500 });
    expect(streamed.message).toContain('out of memory');
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ id: 'c', message: { role: 'assistant' }, finish_reason: 'ERROR' })),
    });
    const unary: any = await llm.completion(request, options()).catch((reason) => reason);
    expect(unary).toMatchObject({ name: 'InternalServerError', status: 500, code: 'generation_failed' });
  });

  it.each([
    [400, 'invalid request: message must be at least 1 token long', 'BadRequestError', false],
    [
      400,
      'too many tokens: total number of tokens in the prompt cannot exceed 4081',
      'ContextWindowExceededError',
      false,
    ],
    [400, 'too many tokens: max tokens must be less than or equal to 4096', 'BadRequestError', false],
    [401, 'invalid api token', 'AuthenticationError', false],
    [402, 'Please add a payment method', 'APIError', false],
    [404, "model 'command-x' not found, make sure the correct model ID was used", 'NotFoundError', false],
    [429, 'Please wait and try again later', 'RateLimitError', true],
    [429, 'You are using a Trial key, which is limited to 1000 API calls / month', 'RateLimitError', false],
    [498, 'blocked output: please make changes', 'ContentPolicyViolationError', false],
    [500, 'internal server error', 'InternalServerError', true],
  ])('types %i "%s" as %s', async (status, message, name, retryable) => {
    replay.play({
      status,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ id: 'e-1', message })),
    });
    for (const stream of [false, true]) {
      const error: any = await llm.completion({ ...request, stream }, options()).catch((reason) => reason);
      expect({ name: error.name, status: error.status, retryable: error.retryable }).toEqual({
        name,
        status,
        retryable,
      });
      expect(error.message).toContain(message);
      if (status === 404) expect(error.code).toBe('model_not_found');
    }
  });
});
