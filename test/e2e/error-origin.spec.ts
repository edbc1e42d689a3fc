import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { APITimeoutError, LlmHandler, RateLimitError, StreamInterruptedError } from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import {
  answerStalled,
  answerText,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Answer,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(optionsFor(upstream, { retry: { maxRetries: 1, baseDelay: 1 } }));
});
afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const limited: Answer = (_request, response) => sendJson(response, { error: { message: 'slow' } }, 429);

describe('the stack of an error', () => {
  async function theCaller(call: () => Promise<unknown>): Promise<unknown> {
    return await call();
  }

  it.each<[string, Answer, object]>([
    ['an answer', limited, RateLimitError],
    ['a limit', () => {}, APITimeoutError],
    ['a broken connection', ({ socket }) => void socket.destroy(), Error],
  ])('has the frames of the caller after %s', async (_name, answer, type) => {
    upstream.answer(answer);
    const error = await failureOf(theCaller(() => llm.completion(REQUEST, { timeout: { total: 100 } })));
    expect(error).toBeInstanceOf(type);
    expect(error.stack).toContain('theCaller');
    expect(error.stack!.startsWith(`${error.name}: ${error.message}`)).toBe(true);
  });

  it('has the frames of the caller of embeddings and of fallbacks', async () => {
    upstream.answer(limited);
    const embedding = await failureOf(theCaller(() => llm.embedding({ model: 'openai/e', input: 'Hi' })));
    expect(embedding.stack).toContain('theCaller');
    const last = await failureOf(theCaller(() => llm.completion(REQUEST, { fallbacks: ['openai/other'] })));
    expect(last.stack).toContain('theCaller');
  });

  it.each<[string, Answer]>([
    [
      'breaks',
      ({ socket }, response) => {
        sendEvents(response, eventsOf(['Hello']).slice(0, 2));
        setImmediate(() => socket.destroy());
      },
    ],
    ['stalls', answerStalled()],
  ])('has the frames of the reader of a stream that %s', async (_name, answer) => {
    upstream.answer(answer);
    async function theReader(): Promise<void> {
      const stream = await llm.completion(STREAMED, { timeout: { idle: 50 } });
      for await (const _chunk of stream);
    }
    const error = await failureOf(theReader());
    expect(error.stack).toContain('error-origin.spec.ts');
    async function theFinal(): Promise<void> {
      await (await llm.completion(STREAMED, { timeout: { idle: 50 } })).final();
    }
    const whole = await failureOf(theFinal());
    expect(whole.stack).toContain('error-origin.spec.ts');
    if (_name === 'breaks') expect(whole).toBeInstanceOf(StreamInterruptedError);
  });
});

describe('a signal that calls share', () => {
  it('has one listener while they run, none after, and warns of nothing', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    upstream.answer(async (request, response) => {
      await released;
      await answerText()(request, response);
    });
    const calls = Array.from({ length: 40 }, () => llm.completion(REQUEST, { signal }));
    const streams = Array.from({ length: 5 }, () => {
      const chunks: unknown[] = [];
      return new Promise<unknown[]>((resolve, reject) => {
        llm.completion$(REQUEST, { signal }).subscribe({
          next: (chunk) => chunks.push(chunk),
          complete: () => resolve(chunks),
          error: reject,
        });
      });
    });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    release();
    await Promise.all([...calls, ...streams]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('ends them all, and those alone that still run', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    await llm.completion(REQUEST, { signal });
    upstream.answer(() => {});
    const failures = Array.from({ length: 20 }, () => failureOf(llm.completion(REQUEST, { signal })));
    await upstream.nextRequest();
    controller.abort(new Error('enough'));
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    }
    await expect(failureOf(llm.completion(REQUEST, { signal }))).resolves.toMatchObject({ code: 'aborted' });
  });
});

describe('the headers of a call', () => {
  it('are a copy of its own: an interceptor that changes them changes no other call', async () => {
    const agent = new Agent().compose((dispatch) => (options, handler) => {
      (options.headers as Record<string, string>)['x-seen'] = String(
        Number((options.headers as Record<string, string>)['x-seen'] ?? 0) + 1,
      );
      return dispatch(options, handler);
    });
    const own = createLlm(
      optionsFor(upstream, { retry: { maxRetries: 1, baseDelay: 1 } }),
      new LlmHandler({ session: agent }),
    );
    let failures = 1;
    upstream.answer((request, response) =>
      failures-- > 0 ? limited(request, response) : answerText()(request, response),
    );
    await own.completion(REQUEST);
    await own.completion(REQUEST);
    expect(upstream.requests.map(({ headers }) => headers['x-seen'])).toEqual(['1', '1', '1']);
    await own.close();
    await agent.destroy();
  });
});
