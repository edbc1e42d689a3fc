import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuthenticationError,
  APIResponseValidationError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  LlmHandler,
  LlmService,
  RateLimitError,
  type ChatCompletion,
} from '../../../lib/index.js';
import { failureOf } from '../../support/llm.js';
import { startUpstream, type Upstream } from '../../support/upstream.js';

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

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

function serviceOf(model: string): LlmService {
  const provider = model.slice(0, model.indexOf('/'));
  return new LlmService(handler, {
    providers: { [provider]: { apiKey: 'key', baseURL: upstream.baseURL } },
    defaults: { retry: { maxRetries: 0 } },
  });
}

async function unary(model: string, answer: object, status = 200): Promise<ChatCompletion> {
  upstream.answer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  return serviceOf(model).completion({ model, messages: MESSAGES });
}

async function streamed(model: string, events: object[]): Promise<ChatCompletion> {
  upstream.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end('data: [DONE]\n\n');
  });
  const stream = await serviceOf(model).completion({ model, messages: MESSAGES, stream: true });
  return stream.final();
}

const document = (message: object, more: object = {}): object => ({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  usage: USAGE,
  choices: [
    { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: 'stop', ...more },
  ],
});

const chunk = (delta: object, finish_reason: string | null = null, more: object = {}): object => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason, ...more }],
});

const callWith = (given: unknown): object => ({
  id: 'c1',
  type: 'function',
  function: { name: 'f', arguments: given },
});

describe('an answer of a compatible server', () => {
  it.each([
    ['', '{}'],
    [null, '{}'],
    [undefined, '{}'],
    [{ q: 1 }, '{"q":1}'],
    ['{"q":1}', '{"q":1}'],
  ])('has arguments of a call, given %j, as the text of an object', async (given, expected) => {
    const whole = await unary('hosted_vllm/m', document({ tool_calls: [callWith(given)] }));
    const pieces = await streamed('hosted_vllm/m', [
      chunk({ role: 'assistant', tool_calls: [{ index: 0, ...callWith(given) }] }),
      chunk({}, 'stop'),
    ]);
    for (const { choices } of [whole, pieces]) {
      expect(choices[0]!.message.tool_calls).toEqual([callWith(expected)]);
      expect(choices[0]!.finish_reason).toBe('tool_calls');
    }
  });

  it('has no empty lists, reasons and nulls', async () => {
    const whole = await unary(
      'xai/m',
      document({ content: 'Hi', tool_calls: [], function_call: null }, { finish_reason: '' }),
    );
    const pieces = await streamed('xai/m', [
      chunk({ role: 'assistant', content: 'Hi', tool_calls: [] }, ''),
      chunk({ tool_calls: null }, 'stop'),
    ]);
    for (const { choices } of [whole, pieces]) {
      expect(choices).toEqual([
        {
          index: 0,
          message: { role: 'assistant', content: 'Hi', refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ]);
    }
    expect(
      (await unary('xai/m', document({ tool_calls: [callWith('{}')] }, { finish_reason: '' }))).choices[0],
    ).toMatchObject({ finish_reason: 'tool_calls' });
  });

  it('has lists of parts as text and reasoning', async () => {
    const reasoning = (text: string, signature = '') => ({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text, signature }],
    });
    const whole = await unary(
      'databricks/m',
      document({ content: [reasoning('Two and two', 's'), { type: 'text', text: 'Four' }] }),
    );
    const pieces = await streamed('databricks/m', [
      chunk({ role: 'assistant', content: [reasoning('Two ')] }),
      chunk({ content: [reasoning('and two', 's')] }),
      chunk({ content: 'Four' }),
      chunk({}, 'stop'),
    ]);
    for (const { choices } of [whole, pieces]) {
      expect(choices[0]!.message).toMatchObject({
        content: 'Four',
        reasoning_content: 'Two and two',
        thinking_blocks: [{ type: 'thinking', thinking: 'Two and two', signature: 's' }],
      });
    }
  });

  it('has the thinking before a closing tag alone as reasoning', async () => {
    const answer = document({ content: 'Two and two.\n</think>\n\nFour' });
    for (const model of ['hosted_vllm/m', 'lm_studio/m']) {
      expect((await unary(model, answer)).choices[0]!.message).toMatchObject({
        content: 'Four',
        reasoning_content: 'Two and two.',
      });
    }
    const text = 'Write <think> and </think> around it.';
    expect((await unary('hosted_vllm/m', document({ content: text }))).choices[0]!.message.content).toBe(
      text,
    );
  });

  it('has the thinking of Ollama’s models out of its tags', async () => {
    const line = (content: string, done = false) => ({ message: { role: 'assistant', content }, done });
    expect(
      (await unary('ollama/m', line('<think>Hm</think>\nFour', true))).choices[0]!.message,
    ).toMatchObject({
      content: 'Four',
      reasoning_content: 'Hm',
    });
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (const piece of ['<thi', 'nk>H', 'm</think>\nFo', 'ur'])
        response.write(`${JSON.stringify(line(piece))}\n`);
      response.end(`${JSON.stringify(line('', true))}\n`);
    });
    const stream = await serviceOf('ollama/m').completion({
      model: 'ollama/m',
      messages: MESSAGES,
      stream: true,
    });
    expect((await stream.final()).choices[0]!.message).toMatchObject({
      content: 'Four',
      reasoning_content: 'Hm',
    });
  });

  it('is what its deltas say, whatever message stands beside them', async () => {
    const { choices } = await streamed('perplexity/m', [
      chunk({ role: 'assistant', content: 'He' }, null, { message: { role: 'assistant', content: 'He' } }),
      chunk({ content: 're' }, 'stop', { message: { role: 'assistant', content: 'Here' } }),
    ]);
    expect(choices[0]).toEqual({
      index: 0,
      message: { role: 'assistant', content: 'Here', refusal: null },
      finish_reason: 'stop',
      logprobs: null,
    });
  });

  it('is the whole message where one event has that, and no delta', async () => {
    const whole = document({ content: 'Four', tool_calls: [callWith(null)] });
    const { choices } = await streamed('hosted_vllm/m', [whole]);
    expect(choices[0]).toMatchObject({
      message: { content: 'Four', tool_calls: [callWith('{}')] },
      finish_reason: 'tool_calls',
    });
  });

  it('has one detail of reasoning an index', async () => {
    const detail = (index: number, more: object) => ({
      reasoning_details: [{ type: 'reasoning.text', format: 'anthropic-claude-v1', index, ...more }],
    });
    const { choices } = await streamed('openrouter/a/b', [
      chunk({ role: 'assistant', content: '', ...detail(0, { text: 'Two' }) }),
      chunk(detail(0, { text: ' and two' })),
      chunk(detail(0, { signature: 's' })),
      chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'abc', index: 1 }] }),
      chunk({ content: 'Four' }, 'stop'),
    ]);
    expect((choices[0]!.message as any).reasoning_details).toEqual([
      {
        type: 'reasoning.text',
        format: 'anthropic-claude-v1',
        index: 0,
        text: 'Two and two',
        signature: 's',
      },
      { type: 'reasoning.encrypted', data: 'abc', index: 1 },
    ]);
  });

  it.each(['openai/m', 'hosted_vllm/m', 'openrouter/a/b'])('of %s without choices is none', async (model) => {
    const error = await failureOf(unary(model, { id: 'c', object: 'chat.completion', choices: [] }));
    expect(error).toBeInstanceOf(APIResponseValidationError);
  });

  it('with an error in its choice is that error', async () => {
    const error = { code: 429, message: 'Provider returned error' };
    const failed = document({ content: '' }, { finish_reason: 'error', error });
    expect(await failureOf(unary('openrouter/a/b', failed))).toMatchObject({
      name: 'RateLimitError',
      status: 429,
    });
    const pieces = streamed('openrouter/a/b', [chunk({ content: 'F' }), chunk({}, 'error', { error })]);
    expect(await failureOf(pieces)).toMatchObject({ name: 'RateLimitError', status: 429 });
  });
});

describe('an error of a compatible server', () => {
  it.each([
    [
      'xai/m',
      400,
      { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xa***.' },
      AuthenticationError,
    ],
    [
      'xai/m',
      400,
      { error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens." },
      ContextWindowExceededError,
    ],
    [
      'hosted_vllm/m',
      400,
      { message: 'The decoder prompt (length 5000) is longer than the maximum model length of 4096.' },
      ContextWindowExceededError,
    ],
    [
      'hosted_vllm/m',
      400,
      { message: 'max_tokens must be at least 1, got -904.' },
      ContextWindowExceededError,
    ],
    [
      'llamafile/m',
      400,
      { error: { message: 'the request exceeds the available context size' } },
      ContextWindowExceededError,
    ],
    [
      'moonshot/m',
      400,
      { error: { message: 'Your request exceeded model token limit: 8192' } },
      ContextWindowExceededError,
    ],
    [
      'openai/m',
      400,
      { error: { message: 'Invalid prompt: flagged', code: 'invalid_prompt' } },
      ContentPolicyViolationError,
    ],
    [
      'dashscope/m',
      400,
      { error: { message: 'inappropriate', code: 'data_inspection_failed' } },
      ContentPolicyViolationError,
    ],
    ['deepseek/m', 400, { error: { message: 'Content Exists Risk' } }, ContentPolicyViolationError],
  ] as const)('%s: %i %j', async (model, status, body, type) => {
    expect(await failureOf(unary(model, body, status))).toBeInstanceOf(type);
  });

  it.each([
    [402, { error: { message: 'Insufficient Balance' } }],
    [
      429,
      {
        error: {
          message: 'You exceeded your current quota',
          code: 'insufficient_quota',
          type: 'insufficient_quota',
        },
      },
    ],
    [429, { error: { message: 'Your account is suspended', type: 'exceeded_current_quota_error' } }],
    [200, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }],
  ])('%i %j is a quota that is exhausted, and not worth another try', async (status, body) => {
    expect(await failureOf(unary('deepseek/m', body, status))).toMatchObject({
      code: 'quota_exhausted',
      retryable: false,
    });
  });

  it('inside of a stream has the status that its code stands for', async () => {
    const error = { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' };
    const failure = await failureOf(streamed('openai/m', [chunk({ content: 'F' }), { error }]));
    expect(failure).toBeInstanceOf(RateLimitError);
    expect(failure).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });
});
