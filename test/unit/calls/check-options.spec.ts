import { describe, expect, it } from '@jest/globals';
import { faultOfOptions } from '../../../lib/calls/check-options.js';
import { LlmConfigurationError, LlmHandler, LlmService, RateLimitError } from '../../../lib/index.js';
import { failureOf, REQUEST } from '../../support/llm.js';

const SECRET = 'sk-canary-0123456789';

describe('the options of a call', () => {
  it.each([
    [{ timeouts: { total: 1 } }, 'the option timeouts of the call is not known; did you mean timeout?'],
    [{ timeout: 500 }, /^the option timeout has to be an object with queue, connect/],
    [{ timeout: { total: '1s' } }, /^the option timeout\.total has to be a number of milliseconds/],
    [{ timeout: { idle: -1 } }, /^the option timeout\.idle has to be/],
    [{ timeout: { total: Infinity } }, /^the option timeout\.total has to be/],
    [{ timeout: { headers: 1 } }, 'the option timeout.headers is not known'],
    [{ retry: { maxRetries: 1.5 } }, 'the option retry.maxRetries has to be a whole number of 0 or more'],
    [{ retry: { mayBillTwice: 'no' } }, 'the option retry.mayBillTwice has to be true or false'],
    [{ retry: 3 }, /^the option retry has to be an object/],
    [{ signal: true }, 'the option signal has to be an AbortSignal'],
    [{ session: {} }, 'the option session has to be a session: an object with dispatch()'],
    [{ apiKey: 5 }, 'the option apiKey has to be a string, or a function that gives one'],
    [{ apiKey: null }, /^the option apiKey has to be/],
    [{ baseURL: new URL('http://x') }, 'the option baseURL has to be a string'],
    [{ headers: [] }, 'the option headers has to be an object of header names and values'],
    [{ headers: { 'x-a': 1 } }, 'the option headers.x-a has to be a string'],
    [{ headers: { 'x-a': `${SECRET}\n` } }, /^openai: the header "x-a" is no text, or has a line break/],
    [{ dropParams: 'yes' }, 'the option dropParams has to be true or false'],
    [{ metadata: 'tenant' }, 'the option metadata has to be an object'],
    [{ fallbacks: 'openai/gpt-5' }, /^the option fallbacks has to be an object with models/],
    [{ fallbacks: [{}] }, 'the option fallbacks has to be a list of models, or of objects with a model'],
    [{ fallbacks: { model: [] } }, 'the option fallbacks.model is not known'],
    [{ raw: 1 }, 'the option raw has to be true or false'],
    [{ maxParallelCalls: 0 }, 'the option maxParallelCalls has to be a whole number of 1 or more'],
    [null, "the call's options are no object"],
    ['fast', "the call's options are no object"],
  ])('%j is refused in words', async (options, message) => {
    const error = await failureOf(
      new LlmService(new LlmHandler(), { providers: { openai: { apiKey: 'k' } } }).completion(
        REQUEST,
        options as never,
      ),
    );
    expect(error).toBeInstanceOf(LlmConfigurationError);
    expect(error.code).toMatch(/^invalid_(option|header)$/);
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
    expect(error.message).not.toContain(SECRET);
  });

  it('may be undefined, each of them, and whatever the types allow', () => {
    expect(
      faultOfOptions({ signal: undefined, apiKey: undefined, timeout: { total: undefined } }),
    ).toBeUndefined();
    expect(
      faultOfOptions({
        signal: new AbortController().signal,
        session: { dispatch: () => true },
        timeout: { queue: 0, connect: 1, firstByte: 2, idle: 3, total: 4 },
        retry: { maxRetries: 0, baseDelay: 0, maxDelay: 0, maxRetryAfter: 0, mayBillTwice: true },
        apiKey: () => Promise.resolve('k'),
        baseURL: 'http://x',
        headers: { 'x-a': 'b' },
        dropParams: true,
        metadata: {},
        fallbacks: { models: ['a/b', { model: 'c/d' }], on: [RateLimitError], resume: true },
        raw: false,
        maxParallelCalls: 8,
      }),
    ).toBeUndefined();
  });
});
