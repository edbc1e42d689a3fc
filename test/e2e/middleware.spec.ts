import { tracingChannel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  BadRequestError,
  type ChatStream,
  type LlmCall,
  type LlmMiddleware,
  type LlmOptions,
  type LlmOutcome,
} from '../../lib/index.js';
import {
  createLlm,
  failureOf,
  MESSAGES,
  optionsFor,
  REQUEST,
  STREAMED,
  type StandaloneLlm,
} from '../support/llm.js';
import {
  answerText,
  chunkOf,
  eventOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
  jest.restoreAllMocks();
});

function use(options: LlmOptions): void {
  llm = createLlm(optionsFor(upstream, {}, options));
}

/** A middleware that taps each call, and what its taps heard. */
function listening() {
  const ends: LlmOutcome[] = [];
  const said: string[] = [];
  const calls: LlmCall[] = [];
  let resolve: (outcome: LlmOutcome) => void;
  const ended = new Promise<LlmOutcome>((done) => (resolve = done));
  const middleware: LlmMiddleware = (call, next) => {
    calls.push(call);
    call.tap({
      chunk: ({ choices }) => said.push(choices[0]?.delta.content ?? ''),
      end(outcome) {
        ends.push(outcome);
        resolve(outcome);
      },
    });
    return next();
  };
  return { middleware, ends, said, calls, ended };
}

const stalled = ['Hel', 'lo'].map((content) => eventOf(chunkOf({ content })));

describe('middleware', () => {
  it('wraps a call, the first one outermost', async () => {
    const order: string[] = [];
    const named =
      (name: string): LlmMiddleware =>
      async (_call, next) => {
        order.push(`${name} in`);
        const result = await next();
        order.push(`${name} out`);
        return result;
      };
    use({ middleware: [named('a'), named('b')] });
    await llm.completion(REQUEST);
    expect(order).toEqual(['a in', 'b in', 'b out', 'a out']);
  });

  it('sees what is asked for and where it goes, and may ask for something else', async () => {
    const seen: unknown[] = [];
    use({
      middleware: [
        (call, next) => {
          seen.push(call.operation, call.provider, call.model, call.deployment.origin, call.options.metadata);
          call.request = { ...call.request, model: 'openai/another' };
          seen.push(call.model);
          return next();
        },
      ],
    });
    const { meta } = await llm.completion(REQUEST, { metadata: { tenant: 't' } });
    expect(seen).toEqual(['completion', 'openai', 'test-model', upstream.origin, { tenant: 't' }, 'another']);
    expect(meta.model).toBe('another');
    expect(upstream.requests[0]!.body.model).toBe('another');
    expect(REQUEST.model).toBe('openai/test-model');
  });

  it('may answer by itself', async () => {
    const cached = { id: 'c', choices: [] };
    use({ middleware: [() => Promise.resolve(cached)] });
    expect(await llm.completion(REQUEST)).toBe(cached);
    expect(upstream.requests).toHaveLength(0);
  });

  it('runs once a call, over its fallbacks', async () => {
    let runs = 0;
    use({
      middleware: [
        (_call, next) => {
          runs++;
          return next();
        },
      ],
    });
    upstream.answer((request, response) =>
      request.body.model === 'test-model' ? sendJson(response, {}, 404) : answerText()(request, response),
    );
    const { meta } = await llm.completion(REQUEST, { fallbacks: ['openai/second'] });
    expect(runs).toBe(1);
    expect(meta.attempts.map(({ model }) => model)).toEqual(['openai/test-model', 'openai/second']);
  });

  it('fails the call by what it throws before next(), also when it is not a promise', async () => {
    const fault = new Error('before');
    use({
      middleware: [
        () => {
          throw fault;
        },
      ],
    });
    await expect(llm.completion(REQUEST)).rejects.toBe(fault);
    expect(upstream.requests).toHaveLength(0);
  });

  it('is passed over by what it throws after next(), and that is logged once', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    use({
      middleware: [
        async function audit(_call, next) {
          await next();
          throw new Error('after');
        },
      ],
    });
    await llm.completion(REQUEST);
    expect((await llm.completion(REQUEST)).choices[0]!.message.content).toBe('Hello, world');
    expect(log.mock.calls.map(([message]) => message)).toEqual([expect.stringContaining('audit')]);
  });

  it('decides by an LlmError after next()', async () => {
    const refusal = new BadRequestError('not that');
    use({
      middleware: [
        async (_call, next) => {
          await next();
          throw refusal;
        },
      ],
    });
    await expect(llm.completion(REQUEST)).rejects.toBe(refusal);
  });

  it('is told of embeddings and lists of models as of completions', async () => {
    const { middleware, calls, ends } = listening();
    use({ middleware: [middleware] });
    upstream.answer(({ path }, response) =>
      sendJson(
        response,
        path.endsWith('/models')
          ? { object: 'list', data: [{ id: 'm', object: 'model', created: 1, owned_by: 'o' }] }
          : {
              object: 'list',
              model: 'm',
              data: [{ object: 'embedding', index: 0, embedding: [1] }],
              usage: { prompt_tokens: 1, total_tokens: 1 },
            },
      ),
    );
    await llm.embedding({ model: 'openai/e', input: 'x' });
    const { data } = await llm.models('openai');
    expect(data).toEqual([{ id: 'openai/m', object: 'model', created: 1, owned_by: 'o' }]);
    expect(calls.map(({ operation }) => operation)).toEqual(['embedding', 'models']);
    expect(ends.map(({ end, usage }) => [end, usage?.prompt_tokens])).toEqual([
      ['whole', 1],
      ['whole', undefined],
    ]);
  });
});

describe('a tap', () => {
  it('hears the end of a unary call, once', async () => {
    const { middleware, ends, calls } = listening();
    use({ middleware: [middleware] });
    const completion = await llm.completion(REQUEST);
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ end: 'whole', error: undefined, durationMs: expect.any(Number) });
    expect(ends[0]!.result).toBe(completion);
    expect(ends[0]!.meta).toBe(completion.meta);
    expect(calls[0]!.outcome).toBe(ends[0]);
  });

  it('hears the end of a call that fails', async () => {
    const { middleware, ends } = listening();
    use({ middleware: [middleware] });
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'no' } }, 401));
    const error = await failureOf(llm.completion(REQUEST));
    expect(ends).toEqual([expect.objectContaining({ end: 'broken', error, result: undefined })]);
  });

  it('hears every chunk of a stream and its end with the body, and consumes nothing', async () => {
    const { middleware, ended, said } = listening();
    use({ middleware: [middleware] });
    const stream = await llm.completion(STREAMED);
    const read: string[] = [];
    for await (const { choices } of stream) read.push(choices[0]?.delta.content ?? '');
    const { end, result, usage } = await ended;
    expect({ end, said }).toEqual({ end: 'whole', said: read });
    expect(result).toMatchObject({ choices: [{ message: { content: read.join('') } }] });
    expect(usage).toEqual(stream.meta.usage);
  });

  it('hears what came before it was there, when it is added to a stream that runs', async () => {
    const said: string[] = [];
    use({
      middleware: [
        async (call, next) => {
          const stream = (await next()) as ChatStream;
          await new Promise((resolve) => setImmediate(resolve));
          call.tap({ chunk: ({ choices }) => said.push(choices[0]?.delta.content ?? '') });
          return stream;
        },
      ],
    });
    const completion = await (await llm.completion(STREAMED)).final();
    expect(said.join('')).toBe(completion.choices[0]!.message.content);
  });

  it.each(['left', 'aborted', 'broken'] as const)('is told that a stream was %s', async (how) => {
    const { middleware, ended, said } = listening();
    use({ middleware: [middleware] });
    upstream.answer((_request, response) => sendEvents(response, stalled));
    const stream = await llm.completion(STREAMED);
    await stream.next();
    await stream.next();
    if (how === 'left') await stream.return();
    else if (how === 'aborted') stream.abort();
    else upstream.requests[0]!.socket.destroy();
    stream.next().catch(() => {});
    const { end, result, error } = await ended;
    expect({ end, said }).toEqual({ end: how, said: ['Hel', 'lo'] });
    expect(result).toMatchObject({ choices: [{ message: { content: 'Hello' } }] });
    expect(error === undefined).toBe(how === 'left');
  });

  it('that throws changes nothing, and is logged once', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    use({
      middleware: [
        (call, next) => {
          call.tap({
            chunk() {
              throw new Error('tap');
            },
          });
          return next();
        },
      ],
    });
    const { choices } = await (await llm.completion(STREAMED)).final();
    expect(choices[0]!.finish_reason).toBe('stop');
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe('the diagnostics channel of an operation', () => {
  it('publishes the call as it starts, and with its outcome when it has ended', async () => {
    use({});
    const seen: string[] = [];
    let over: () => void;
    const end = new Promise<void>((resolve) => (over = resolve));
    const channel = tracingChannel('nestjs-llm:completion');
    const listener = (name: string) => (message: object) => {
      const call = message as LlmCall;
      seen.push(`${name} ${call.operation} ${call.model} ${call.outcome?.end ?? ''}`);
      if (name === 'asyncEnd') over();
    };
    const subscribers = {
      start: listener('start'),
      end: listener('end'),
      asyncStart: listener('asyncStart'),
      asyncEnd: listener('asyncEnd'),
      error: listener('error'),
    };
    channel.subscribe(subscribers);
    try {
      await (await llm.completion(STREAMED)).final();
      await end;
      upstream.answer((_request, response) => sendJson(response, {}, 400));
      await failureOf(llm.completion({ model: 'openai/b', messages: MESSAGES }));
    } finally {
      channel.unsubscribe(subscribers);
    }
    expect(seen).toEqual([
      'start completion test-model ',
      'end completion test-model ',
      'asyncStart completion test-model whole',
      'asyncEnd completion test-model whole',
      'start completion b ',
      'end completion b ',
      'error completion b broken',
      'asyncStart completion b broken',
      'asyncEnd completion b broken',
    ]);
  });
});
